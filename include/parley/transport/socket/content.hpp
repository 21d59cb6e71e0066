#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <optional>
#include <span>
#include <type_traits>
#include <variant>

#include <sys/uio.h>

#include <parley/message/kind.hpp>
#include <parley/message/wire.hpp>
#include <parley/transport/socket/incoming.hpp>

/// Between a message and the bytes behind a frame's header.

namespace parley::transport::socket {

namespace content_detail {

template <class Message>
inline constexpr bool has_codec_inside = message::coded<Message>;
template <class... Alternatives>
inline constexpr bool has_codec_inside<std::variant<Alternatives...>> = (has_codec_inside<Alternatives> || ...);

}  // namespace content_detail

/// How many bytes a message of a channel may have.
template <class Message>
struct content_rules {
    using wire = message::wire<Message>;
    static constexpr std::size_t largest = wire::capacity;
    /// Whether the bytes are the message, so that they can be put where one lies.
    static constexpr bool straight = message::trivial<Message> && std::is_trivially_copyable_v<Message> &&
                                     std::is_trivially_move_assignable_v<Message>;
    [[nodiscard]] static constexpr bool fits(std::size_t length) noexcept {
        return wire::fixed_size ? length == largest : length <= largest;
    }
};

/// The bytes of one message, in at most two pieces, straight from where they lie if the message allows it.
template <class Message>
class outgoing_content {
    using wire = message::wire<Message>;

public:
    /// Throws `errc::message_too_large` before anything is sent.
    explicit outgoing_content(const Message& content, aligned_buffer& staging) : size_(wire::size(content)) {
        if constexpr (message::trivial<Message>) {
            pieces_[0] = {const_cast<void*>(static_cast<const void*>(std::addressof(content))), size_};
        } else if constexpr (message::byte_string<Message>) {
            length_ = content.size();
            pieces_[0] = {&length_, sizeof length_};
            pieces_[1] = {const_cast<std::byte*>(reinterpret_cast<const std::byte*>(content.data())), content.size()};
        } else {
            if (!staging) {
                staging = make_aligned_buffer(wire::capacity);
            }
            wire::write(staging.get(), content);
            pieces_[0] = {staging.get(), size_};
        }
    }
    outgoing_content(const outgoing_content&) = delete;
    outgoing_content& operator=(const outgoing_content&) = delete;

    [[nodiscard]] std::size_t size() const noexcept { return size_; }

    /// The bytes [from, from + count) of it.
    [[nodiscard]] std::array<::iovec, 2> slice(std::size_t from, std::size_t count) const noexcept {
        std::array<::iovec, 2> result{};
        std::size_t passed = 0;
        for (std::size_t index = 0; index < pieces_.size(); ++index) {
            const auto& piece = pieces_[index];
            const auto begin = std::min(std::max(from, passed) - passed, piece.iov_len);
            const auto end = std::min(std::max(from + count, passed) - passed, piece.iov_len);
            result[index] = {static_cast<std::byte*>(piece.iov_base) + begin, end - begin};
            passed += piece.iov_len;
        }
        return result;
    }

private:
    std::size_t size_;
    message::wire_detail::length_type length_ = 0;
    std::array<::iovec, 2> pieces_{};
};

/// Makes messages of bytes that came.
template <class Message>
class decoder {
    using wire = message::wire<Message>;

public:
    /// What cannot be a message although its length is right was refused by the message's own codec. Without a codec no
    /// peer that keeps the rules writes such bytes.
    static constexpr bool may_refuse = content_detail::has_codec_inside<Message>;

    [[nodiscard]] std::optional<Message> operator()(std::span<const std::byte> bytes) {
        if (!is_sound(bytes)) {
            return std::nullopt;
        }
        auto result =
            message::read_within<Message>(is_aligned(bytes.data()) ? bytes.data() : staged(bytes), bytes.size());
        if constexpr (message::alternatives<Message> && !may_refuse) {
            if (result && wire::size(*result) != bytes.size()) {
                return std::nullopt;
            }
        }
        return result;
    }

private:
    [[nodiscard]] static bool is_aligned(const std::byte* where) noexcept {
        return reinterpret_cast<std::uintptr_t>(where) % wire::alignment == 0;
    }

    /// Whether the length inside, if there is one, is that of the frame.
    [[nodiscard]] static bool is_sound(std::span<const std::byte> bytes) noexcept {
        if constexpr (message::coded<Message> || message::byte_string<Message>) {
            message::wire_detail::length_type length = 0;
            if (bytes.size() < sizeof length) {
                return false;
            }
            std::memcpy(&length, bytes.data(), sizeof length);
            return length == bytes.size() - sizeof length;
        } else if constexpr (requires { wire::is_whole(bytes); }) {
            return wire::is_whole(bytes);
        } else {
            return true;
        }
    }

    [[nodiscard]] const std::byte* staged(std::span<const std::byte> bytes) {
        static_assert(wire::alignment <= 4096, "a message aligned to more than a page");
        if (!staging_) {
            staging_ = std::make_unique<room>();
        }
        std::memcpy(staging_->bytes, bytes.data(), bytes.size());
        return staging_->bytes;
    }

    struct room {
        alignas(wire::alignment) std::byte bytes[wire::capacity];
    };
    std::unique_ptr<room> staging_;
};

}  // namespace parley::transport::socket
