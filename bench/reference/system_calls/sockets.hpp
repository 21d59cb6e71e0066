#pragma once

#include "descriptor.hpp"
#include "ends.hpp"

#include <array>
#include <cstddef>

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <sys/un.h>

namespace bench::reference {

struct socket_calls {
    static constexpr const char* write_name = "send";
    static constexpr const char* read_name = "recv";
    static ::ssize_t write(int file, const void* bytes, std::size_t size) noexcept {
        return ::send(file, bytes, size, MSG_NOSIGNAL);
    }
    static ::ssize_t read(int file, void* bytes, std::size_t size) noexcept { return ::recv(file, bytes, size, 0); }
};

/// A pair of connected Unix sockets.
template <int Type>
struct unix_sockets {
    static both_sides open(std::size_t, std::size_t) {
        std::array<int, 2> made{};
        checked(::socketpair(AF_UNIX, Type | SOCK_CLOEXEC, 0, made.data()), "socketpair");
        both_sides result;
        result.left.out = descriptor(made[0]);
        result.right.out = descriptor(made[1]);
        return result;
    }
};

struct unix_stream : unix_sockets<SOCK_STREAM> {
    template <class Message, class Waiting>
    using end = stream_end<socket_calls, Message, Waiting>;
};

struct unix_seqpacket : unix_sockets<SOCK_SEQPACKET> {
    template <class Message, class Waiting>
    using end = message_end<socket_calls, Message, Waiting>;
};

/// Sockets with names, one to receive with and one to send with at each side: anybody may send to a name, and the
/// kernel lets as many messages wait there as net.unix.max_dgram_qlen says.
struct unix_datagram {
    static both_sides open(std::size_t, std::size_t) {
        both_sides result;
        result.left.in = named_socket();
        result.right.in = named_socket();
        result.left.out = connected_to(result.right.in);
        result.right.out = connected_to(result.left.in);
        return result;
    }

    template <class Message, class Waiting>
    using end = message_end<socket_calls, Message, Waiting>;

private:
    static descriptor socket() {
        return descriptor(checked(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0), "socket"));
    }
    /// Under a name of the kernel's choice.
    static descriptor named_socket() {
        descriptor result = socket();
        ::sockaddr_un address{};
        address.sun_family = AF_UNIX;
        checked(::bind(result.get(), reinterpret_cast<const ::sockaddr*>(&address), sizeof address.sun_family), "bind");
        return result;
    }
    static descriptor connected_to(const descriptor& named) {
        descriptor result = socket();
        ::sockaddr_un address{};
        ::socklen_t size = sizeof address;
        checked(::getsockname(named.get(), reinterpret_cast<::sockaddr*>(&address), &size), "getsockname");
        checked(::connect(result.get(), reinterpret_cast<const ::sockaddr*>(&address), size), "connect");
        return result;
    }
};

/// Two that know only each other: of these the kernel counts the bytes that wait, and not the messages.
struct unix_datagram_pair : unix_sockets<SOCK_DGRAM> {
    template <class Message, class Waiting>
    using end = message_end<socket_calls, Message, Waiting>;
};

namespace loopback {

/// A socket at a port of the kernel's choice.
inline descriptor bound_socket(int type) {
    descriptor result(checked(::socket(AF_INET, type | SOCK_CLOEXEC, 0), "socket"));
    ::sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    checked(::bind(result.get(), reinterpret_cast<const ::sockaddr*>(&address), sizeof address), "bind");
    return result;
}

/// Connects to where the other socket is bound.
inline void connect(const descriptor& from, const descriptor& to) {
    ::sockaddr_in address{};
    ::socklen_t size = sizeof address;
    checked(::getsockname(to.get(), reinterpret_cast<::sockaddr*>(&address), &size), "getsockname");
    checked(::connect(from.get(), reinterpret_cast<const ::sockaddr*>(&address), size), "connect");
}

inline void send_at_once(const descriptor& socket) {
    const int on = 1;
    checked(::setsockopt(socket.get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on), "setsockopt(TCP_NODELAY)");
}

}  // namespace loopback

/// One connection for both ways: a message that goes back says that the one before has come, and saves a packet.
struct tcp_one_connection {
    static both_sides open(std::size_t, std::size_t) {
        both_sides result;
        connect(result.left.out, result.right.out);
        return result;
    }

    template <class Message, class Waiting>
    using end = stream_end<socket_calls, Message, Waiting>;

protected:
    static void connect(descriptor& calling, descriptor& called) {
        const descriptor listener = loopback::bound_socket(SOCK_STREAM);
        checked(::listen(listener.get(), 1), "listen");
        calling = descriptor(checked(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), "socket"));
        loopback::connect(calling, listener);
        called = descriptor(checked(::accept4(listener.get(), nullptr, nullptr, SOCK_CLOEXEC), "accept4"));
        loopback::send_at_once(calling);
        loopback::send_at_once(called);
    }
};

/// A connection for each way, as where each side is somebody to whom anybody may connect and send.
struct tcp : tcp_one_connection {
    static both_sides open(std::size_t, std::size_t) {
        both_sides result;
        connect(result.left.out, result.right.in);
        connect(result.right.out, result.left.in);
        return result;
    }
};

/// Loses what comes while the receiver's buffer is full.
struct udp {
    static constexpr bool loses = true;

    static both_sides open(std::size_t, std::size_t) {
        both_sides result;
        result.left.out = loopback::bound_socket(SOCK_DGRAM);
        result.right.out = loopback::bound_socket(SOCK_DGRAM);
        loopback::connect(result.left.out, result.right.out);
        loopback::connect(result.right.out, result.left.out);
        return result;
    }

    template <class Message, class Waiting>
    using end = message_end<socket_calls, Message, Waiting>;
};

}  // namespace bench::reference
