#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <type_traits>

/// parley's header before the bytes of a message, where it travels through the kernel with `framed`.
///
/// Numbers are in the order of this machine's bytes, little-endian on every machine that parley knows; two machines
/// that differ find no `magic` and part. What comes from a peer is not trusted: a header is copied, then checked.

namespace parley::message {

/// What a frame is for.
enum class frame_kind : std::uint8_t {
    content = 1,  ///< a message, or a part of one
    hello,        ///< the first frame of a connection: who speaks, and of which composition
    credit,       ///< `sequence` messages have been received: so many more may be sent
    request,      ///< a sender has a message to hand over (rendezvous)
    grant,        ///< a receiver takes it now
    withdraw,     ///< a sender does not wait any longer
    waiting,      ///< a receiver waits for a message
    resting,      ///< and does so no longer
    refusal,      ///< the other side is not what it should be; the payload says why
    goodbye,      ///< the other side leaves in good order
};

struct frame_header {
    static constexpr std::uint16_t expected_magic = 0x7970;  // "py"
    static constexpr std::uint8_t expected_version = 1;

    std::uint16_t magic = expected_magic;
    std::uint8_t version = expected_version;
    frame_kind kind = frame_kind::content;
    std::uint32_t length = 0;    ///< bytes after this header, in this part
    std::uint32_t sender = 0;    ///< a number that tells senders apart
    std::uint32_t sequence = 0;  ///< the sender's messages are numbered, modulo 2^32
    std::uint16_t part = 0;      ///< of a message that travels in parts, from 0
    std::uint16_t parts = 1;
    std::uint16_t type = 0;  ///< of a variant, which alternative
    std::uint16_t priority = 0;

    /// Whether this can be a header that parley wrote.
    [[nodiscard]] constexpr bool sound() const noexcept {
        return magic == expected_magic && version == expected_version && kind >= frame_kind::content &&
               kind <= frame_kind::goodbye && part < parts;
    }

    void write(std::byte* where) const noexcept { std::memcpy(where, this, sizeof *this); }

    [[nodiscard]] static frame_header read(const std::byte* where) noexcept {
        frame_header result;
        std::memcpy(&result, where, sizeof result);
        return result;
    }
};

inline constexpr std::size_t frame_header_size = 24;
static_assert(sizeof(frame_header) == frame_header_size && std::is_trivially_copyable_v<frame_header>,
              "two programs must agree on it");

// Programs of all layout versions read it: with that they refuse each other. One of another `version` is garbage.
static_assert(offsetof(frame_header, magic) == 0 && offsetof(frame_header, version) == 2 &&
                  offsetof(frame_header, kind) == 3 && offsetof(frame_header, length) == 4 &&
                  offsetof(frame_header, sender) == 8 && offsetof(frame_header, sequence) == 12 &&
                  offsetof(frame_header, type) == 20 && offsetof(frame_header, priority) == 22,
              "these stay where they are, whatever the layout version");

}  // namespace parley::message
