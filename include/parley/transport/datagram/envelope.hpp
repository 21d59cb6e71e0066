#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <new>
#include <optional>
#include <span>
#include <string_view>

#include <parley/message/frame.hpp>
#include <parley/message/kind.hpp>
#include <parley/message/transit.hpp>
#include <parley/message/wire.hpp>

/// What one datagram holds, and the buffers in which it is made and read.
///
/// Framed, that is an *envelope*, the message as it lies in a slot (message/wire.hpp), and on a direct link the name of
/// the process that sends. The envelope is parley's header and the fingerprint of the composition: every datagram says
/// what it is, so that a receiver needs to remember nothing of whoever sent it in order to check it. Bare, it is the
/// bytes of the message alone.

namespace parley::transport::datagram {

struct envelope {
    message::frame_header header;
    std::uint64_t fingerprint = 0;
};

inline constexpr std::size_t envelope_size = 32;
static_assert(sizeof(envelope) == envelope_size && std::is_trivially_copyable_v<envelope>,
              "two programs must agree on it");

/// The longest name of an endpoint: the bytes that a link's datagrams have after the message, at most.
inline constexpr std::size_t longest_name = 107;

/// The bytes of a datagram that are not the message's slot or parley's header.
inline constexpr std::size_t besides_header = envelope_size - message::frame_header_size + longest_name;

/// A buffer for one datagram with messages of this type. The message lies where its type may lie; what stands before
/// and after it follows without a gap.
template <class Message, bool Bare>
class parcel {
    using wire = message::wire<Message>;

    static constexpr std::size_t alignment = std::max(wire::alignment, alignof(std::max_align_t));
    static constexpr std::size_t front = Bare ? 0 : message::wire_detail::round_up(envelope_size, alignment);

public:
    static constexpr std::size_t message_capacity =
        Bare ? message::transit_detail::bare_size<Message>() : wire::capacity;
    static constexpr std::size_t before = Bare ? 0 : envelope_size;
    static constexpr std::size_t largest = before + message_capacity + (Bare ? 0 : longest_name);

    parcel() : memory_(static_cast<std::byte*>(::operator new (room, std::align_val_t{alignment}))) {
        std::memset(memory_.get(), 0, room);
    }

    [[nodiscard]] std::byte* begin() noexcept { return memory_.get() + (front - before); }
    [[nodiscard]] std::byte* body() noexcept { return memory_.get() + front; }
    /// Behind a message of the largest size.
    [[nodiscard]] std::byte* tail() noexcept { return body() + message_capacity; }

    /// Whether a message may have so many bytes.
    [[nodiscard]] static constexpr bool fits(std::size_t size) noexcept {
        if constexpr (Bare && message::byte_string<Message>) {
            return size <= message_capacity;
        } else {
            return wire::fixed_size ? size == wire::capacity : size <= wire::capacity;
        }
    }

    /// Writes a message. Returns how many bytes it has. Throws `errc::message_too_large`.
    [[nodiscard]] std::size_t write(const Message& content) {
        if constexpr (Bare && message::byte_string<Message>) {
            std::memcpy(body(), content.data(), content.size());
            return content.size();
        } else {
            const std::size_t size = wire::size(content);
            wire::write(body(), content);
            return size;
        }
    }

    /// Reads a message of which so many bytes have come; none if it is no message.
    [[nodiscard]] std::optional<Message> read(std::size_t size) {
        if constexpr (Bare && message::byte_string<Message>) {
            return std::optional<Message>{std::in_place, std::span<const std::byte>{body(), size}};
        } else {
            return fits(size) ? message::read_within<Message>(body(), size) : std::nullopt;
        }
    }

private:
    // One more byte than the largest, so that one that is larger shows.
    static constexpr std::size_t room = front + message_capacity + longest_name + 1;

    struct release {
        void operator()(std::byte* memory) const noexcept { ::operator delete (memory, std::align_val_t{alignment}); }
    };

    std::unique_ptr<std::byte, release> memory_;
};

/// A refusal has the layout version of who refuses where a message has its type and its priority: the text behind it
/// may be cut off before it comes to that. 0 from programs that did not tell it yet.
inline void tell_version(message::frame_header& refusal, std::uint32_t version) noexcept {
    refusal.type = static_cast<std::uint16_t>(version);
    refusal.priority = static_cast<std::uint16_t>(version >> 16);
}
[[nodiscard]] inline std::uint32_t told_version(const message::frame_header& refusal) noexcept {
    return std::uint32_t{refusal.type} | std::uint32_t{refusal.priority} << 16;
}

/// A control frame: an envelope with nothing behind it.
[[nodiscard]] inline envelope control(message::frame_kind kind, std::uint64_t fingerprint, std::uint32_t sender,
                                      std::uint32_t sequence) noexcept {
    return {{.kind = kind, .sender = sender, .sequence = sequence}, fingerprint};
}

}  // namespace parley::transport::datagram
