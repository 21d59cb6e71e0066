#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <type_traits>

namespace bench {

template <std::size_t Size>
struct message_of {
    std::array<std::uint64_t, Size / sizeof(std::uint64_t)> words;
};

/// What most series carry: 64 bytes, the size at which the textbook figures are given.
using message = message_of<64>;
static_assert(sizeof(message) == 64 && std::is_trivially_copyable_v<message>);

/// What a signal carries: a number alone.
struct number_message {
    std::uint32_t value;
};

/// What the ends of a setup carry.
template <class Setup>
struct message_type_of {
    using type = message;
};
template <class Setup>
    requires requires { typename Setup::message_type; }
struct message_type_of<Setup> {
    using type = typename Setup::message_type;
};
template <class Setup>
using message_type = typename message_type_of<Setup>::type;

/// The part of a series' name that says how large its messages are, where that is not the usual size.
template <class Message>
[[nodiscard]] std::string in_bytes() {
    return sizeof(Message) == sizeof(message) ? "" : "/bytes:" + std::to_string(sizeof(Message));
}

/// Messages of 64 bytes are prepared in a circle of so many.
inline constexpr std::uint64_t circle = 256;

/// The number that tells a consumer to stop; never one of a measured message.
inline constexpr std::uint64_t stop_number = ~std::uint64_t{0};

/// In a message larger than 64 bytes, its number stands once in each page and at the end: what is missing or old is
/// found, and looking does not take as long as sending.
inline constexpr std::size_t words_between_marks = 512;

template <std::size_t Size>
constexpr void mark(message_of<Size>& given, std::uint64_t number) noexcept {
    for (std::size_t index = 0; index < given.words.size(); index += words_between_marks) {
        given.words[index] = number;
    }
    given.words.back() = number;
}

constexpr void mark(number_message& given, std::uint64_t number) noexcept {
    given.value = static_cast<std::uint32_t>(number);
}

/// A message of 64 bytes says its number in the first word and its place in the circle in all others, so that a
/// receiver can tell a damaged one.
template <class Message = message>
[[nodiscard]] constexpr Message make_message(std::uint64_t number) noexcept {
    if constexpr (sizeof(Message) == sizeof(message)) {
        const std::uint64_t place = number % circle;
        return {{number, place + 1, place + 2, place + 3, place + 4, place + 5, place + 6, place + 7}};
    } else {
        Message made{};
        mark(made, number);
        return made;
    }
}

template <std::size_t Size>
[[nodiscard]] constexpr std::uint64_t number_of(const message_of<Size>& received) noexcept {
    return received.words[0];
}

[[nodiscard]] constexpr std::uint64_t number_of(const number_message& received) noexcept {
    return received.value == static_cast<std::uint32_t>(stop_number) ? stop_number : received.value;
}

[[nodiscard]] constexpr bool intact(const number_message&) noexcept { return true; }

/// Whether all eight words are of one message. Reads all of them, so that no compiler drops a part of the copy.
[[nodiscard]] constexpr bool intact(const message& received) noexcept {
    const auto& words = received.words;
    const std::uint64_t sum = words[1] + words[2] + words[3] + words[4] + words[5] + words[6] + words[7];
    return sum == 7 * (words[0] % circle) + 28;
}

template <std::size_t Size>
[[nodiscard]] constexpr bool intact(const message_of<Size>& received) noexcept {
    bool good = received.words.back() == received.words[0];
    for (std::size_t index = 0; index < received.words.size(); index += words_between_marks) {
        good = good && received.words[index] == received.words[0];
    }
    return good;
}

/// A sender's messages for a stream: `messages[index]`, and `renew(index)` when that one is sent. Larger ones the
/// kernel copies: one is enough.
template <class Message>
class prepared_messages {
public:
    explicit prepared_messages(std::uint64_t first) : message_(make_message<Message>(first)), first_(first) {}

    [[nodiscard]] const Message& operator[](std::uint64_t) const noexcept { return message_; }
    void renew(std::uint64_t index) noexcept { mark(message_, first_ + index + 1); }

private:
    Message message_;
    std::uint64_t first_;
};

/// Those of 64 bytes, made beforehand and renewed after each use.
///
/// A message written just before it is sent measures something else: eight-byte stores that the ring's wider loads
/// cannot take from the store buffer, so that each copy waits for the cache line of the message before it. That costs
/// two thirds of the throughput, or nothing, as the compiler likes. Out of memory written long ago every ring copies
/// alike.
template <>
class prepared_messages<message> {
public:
    explicit prepared_messages(std::uint64_t first) {
        for (std::uint64_t index = 0; index < circle; ++index) {
            messages_[index] = make_message(first + index);
        }
    }

    [[nodiscard]] const message& operator[](std::uint64_t index) const noexcept { return messages_[index % circle]; }

    /// The next `size` of them; `size` divides the circle.
    [[nodiscard]] std::span<const message> batch(std::uint64_t index, std::size_t size) const noexcept {
        return std::span<const message>(messages_).subspan(index % circle, size);
    }

    /// To be called when the message is sent: gives its place in the circle the number it has one round later.
    void renew(std::uint64_t index) noexcept { messages_[index % circle].words[0] += circle; }

private:
    std::array<message, circle> messages_;
};

}  // namespace bench
