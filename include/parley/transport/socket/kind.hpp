#pragma once

#include <algorithm>
#include <bit>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <parley/buffering/bounded.hpp>
#include <parley/buffering/concept.hpp>
#include <parley/message/frame.hpp>
#include <parley/message/wire.hpp>
#include <parley/os/descriptor.hpp>
#include <parley/os/error.hpp>
#include <parley/transport/socket/address.hpp>

/// The kinds of sockets that connect, and how much room a message takes in the kernel.

namespace parley::transport::socket {

struct unix_stream_kind {
    static constexpr std::string_view name = "unix_stream";
    static constexpr int type = SOCK_STREAM;
    static constexpr bool packets = false;
    static constexpr bool local = true;
    [[nodiscard]] static address parse(std::string_view given) { return local_address(given); }
};

struct unix_seqpacket_kind {
    static constexpr std::string_view name = "unix_seqpacket";
    static constexpr int type = SOCK_SEQPACKET;
    static constexpr bool packets = true;  ///< one frame is one packet
    static constexpr bool local = true;
    [[nodiscard]] static address parse(std::string_view given) { return local_address(given); }
};

struct tcp_kind {
    static constexpr std::string_view name = "tcp";
    static constexpr int type = SOCK_STREAM;
    static constexpr bool packets = false;
    static constexpr bool local = false;
    [[nodiscard]] static address parse(std::string_view given) { return internet_address(given, type); }
};

/// Bytes after the header in one packet at most. A larger message travels in parts.
inline constexpr std::size_t largest_part = 65536;

/// What an unprivileged process gets as a send buffer with the kernel's default limit (net.core.wmem_max, 212992),
/// which the kernel doubles for its own bookkeeping.
inline constexpr std::size_t natural_room = std::size_t{2} * 212992;

/// The room in the kernel that so many bytes written at once take up, at most. Measured on Linux 6.18: what is written
/// lies behind 320 bytes of bookkeeping in a block whose size is a power of two, beside a descriptor of 256 bytes; from
/// some 16 KiB on, in pages.
[[nodiscard]] constexpr std::size_t room_taken(std::size_t bytes) noexcept {
    return bytes <= 16384 ? std::bit_ceil(bytes + 320) + 256 : bytes + bytes / 4 + 4096;
}

/// As many messages as always fit into what an unprivileged user may have, and not more than 64.
template <class Message>
struct natural {
    static constexpr std::size_t room = room_taken(message::frame_header_size + message::wire<Message>::capacity);
    using type = bounded<std::clamp<std::size_t>(natural_room / room, 1, 64)>;
};

[[nodiscard]] inline std::size_t buffer_size(int socket, int which) noexcept {
    int size = 0;
    ::socklen_t length = sizeof size;
    return ::getsockopt(socket, SOL_SOCKET, which, &size, &length) == 0 && size > 0 ? static_cast<std::size_t>(size)
                                                                                    : 0;
}

/// Sees to it that a buffer (`SO_SNDBUF`, `SO_RCVBUF`) has at least `needed` bytes, bookkeeping included. How many it
/// has: less where the system does not allow it.
inline std::size_t enlarge(int socket, int which, std::size_t needed) noexcept {
    auto size = buffer_size(socket, which);
    if (size < needed) {
        const int asked = static_cast<int>(std::min<std::size_t>((needed + 1) / 2, 1U << 30));
        ::setsockopt(socket, SOL_SOCKET, which, &asked, sizeof asked);  // what counts is what it has afterwards
        size = buffer_size(socket, which);
    }
    return size;
}

/// What a window of so many frames takes, and one frame beside it for hello or goodbye.
[[nodiscard]] constexpr std::size_t room_for(std::size_t window, std::size_t frame) noexcept {
    return window * room_taken(frame) + 2 * room_taken(message::frame_header_size + 128);
}

/// Sees to it that the kernel takes `window` frames although nobody receives any. Throws `errc::no_space` where the
/// system does not allow that. One message of any size is allowed: what the kernel does not take at once, it takes
/// later.
inline void enlarge_for(int socket, std::size_t window, std::size_t frame, const std::string& where) {
    const auto needed = room_for(window, frame);
    const auto has = enlarge(socket, SO_SNDBUF, needed);
    if (has < needed && window > 1) {
        const auto fits = std::max<std::size_t>((has - std::min(has, room_for(0, frame))) / room_taken(frame), 1);
        throw_error(errc::no_space, where + ": bounded<" + std::to_string(window) + "> of frames of " +
                                        std::to_string(frame) + " bytes needs " + std::to_string(needed) +
                                        " bytes of socket buffer, net.core.wmem_max allows " + std::to_string(has) +
                                        " (sysctl net.core.wmem_max=" + std::to_string((needed + 1) / 2) +
                                        ", or bounded<" + std::to_string(fits) + ">)");
    }
}

/// A new socket for an address of this kind.
template <class Kind>
[[nodiscard]] os::descriptor make_socket(const address& of) {
    os::descriptor result{::socket(of.family(), Kind::type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0)};
    if (!result) {
        os::throw_system(errno, "making a socket for " + of.where());
    }
    return result;
}

/// Over tcp: a connection on which this side only receives acknowledges every second message at the latest, and not
/// each read. Where both sides write on one connection the kernel finds that out by itself; here it forgets it after a
/// pause.
template <class Kind>
void acknowledge_rarely([[maybe_unused]] int socket) noexcept {
    if constexpr (!Kind::local) {
        const int off = 0;
        ::setsockopt(socket, IPPROTO_TCP, TCP_QUICKACK, &off, sizeof off);
    }
}

/// What every connection of this kind wants: over tcp, no waiting for more to send.
template <class Kind>
void prepare(int socket) noexcept {
    if constexpr (!Kind::local) {
        const int on = 1;
        ::setsockopt(socket, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
        ::setsockopt(socket, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof on);
        acknowledge_rarely<Kind>(socket);
    }
}

/// A descriptor of the same socket, for an end of a pair that attaches.
[[nodiscard]] inline os::descriptor duplicate_of(int descriptor) {
    os::descriptor result{::fcntl(descriptor, F_DUPFD_CLOEXEC, 0)};
    if (!result) {
        os::throw_system(errno, "duplicating the descriptor of a socket");
    }
    const int flags = ::fcntl(descriptor, F_GETFL);
    ::fcntl(descriptor, F_SETFL, flags | O_NONBLOCK);
    return result;
}

}  // namespace parley::transport::socket
