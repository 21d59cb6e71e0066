#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <type_traits>

namespace bench {

/// What all series carry: 64 bytes, the size at which the textbook figures are given.
struct message {
    std::array<std::uint64_t, 8> words;
};
static_assert(sizeof(message) == 64 && std::is_trivially_copyable_v<message>);

/// Messages are prepared in a circle of so many.
inline constexpr std::uint64_t circle = 256;

/// The number that tells a consumer to stop; never one of a measured message.
inline constexpr std::uint64_t stop_number = ~std::uint64_t{0};

/// A message that says its number in the first word and its place in the circle in all others, so that a receiver can
/// tell a damaged one.
[[nodiscard]] constexpr message make_message(std::uint64_t number) noexcept {
    const std::uint64_t place = number % circle;
    return {{number, place + 1, place + 2, place + 3, place + 4, place + 5, place + 6, place + 7}};
}

[[nodiscard]] constexpr std::uint64_t number_of(const message& received) noexcept { return received.words[0]; }

/// Whether all eight words are of one message. Reads all of them, so that no compiler drops a part of the copy.
[[nodiscard]] constexpr bool intact(const message& received) noexcept {
    const auto& words = received.words;
    const std::uint64_t sum = words[1] + words[2] + words[3] + words[4] + words[5] + words[6] + words[7];
    return sum == 7 * (words[0] % circle) + 28;
}

/// A sender's messages for a stream, made beforehand and renewed after each use.
///
/// A message written just before it is sent measures something else: eight-byte stores that the ring's wider loads
/// cannot take from the store buffer, so that each copy waits for the cache line of the message before it. That costs
/// two thirds of the throughput, or nothing, as the compiler likes. Out of memory written long ago every ring copies
/// alike.
class prepared_messages {
public:
    explicit prepared_messages(std::uint64_t first = 0) {
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
