#pragma once

#include <cerrno>
#include <cstddef>
#include <string>
#include <utility>

#include <sys/socket.h>
#include <unistd.h>

#include <parley/os/descriptor.hpp>
#include <parley/os/error.hpp>
#include <parley/segment/segment.hpp>
#include <parley/transport/socket/address.hpp>
#include <parley/transport/socket/claim.hpp>
#include <parley/transport/socket/kind.hpp>

namespace parley::transport::socket {

/// A socket that takes connections at an address of its own.
template <class Kind>
class listener {
public:
    /// Of those who have connected and are not accepted yet; one more than that may be in it.
    static constexpr int longest_queue = 1024;

    /// `room`: what each connection's buffers have to hold, bookkeeping included; 0 for what the system gives.
    listener(const address& at, const segment::attachment_request& request, const identity& own, std::size_t room)
        : socket_(make_socket<Kind>(at)) {
        if constexpr (!Kind::local) {
            // The dead hold no port; a live one still does.
            const int on = 1;
            ::setsockopt(socket_.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
            if (room != 0) {  // what is accepted inherits it; over tcp it has to be there before that
                enlarge(socket_.get(), SO_RCVBUF, room);
            }
        }
        claim_ = claim::take(socket_.get(), Kind::type, at, request, own);
        if (::listen(socket_.get(), longest_queue) != 0) {
            const int reason = errno;
            claim_.release();
            if (reason == EADDRINUSE) {
                throw_taken(at.where(), request.mode);
            }
            os::throw_system(reason, "listening at " + at.where());
        }
    }

    [[nodiscard]] int descriptor() const noexcept { return socket_.get(); }
    [[nodiscard]] const address& where() const noexcept { return claim_.where(); }
    [[nodiscard]] bool is_open() const noexcept { return static_cast<bool>(socket_); }

    /// Whether nobody has removed the name.
    [[nodiscard]] bool holds() const noexcept { return claim_.holds(); }

    /// The next connection, if there is one. `nothing_left`: none could be made for want of descriptors.
    [[nodiscard]] os::descriptor accept(bool& nothing_left) noexcept {
        for (;;) {
            os::descriptor made{::accept4(socket_.get(), nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK)};
            if (made || (errno != EINTR && errno != ECONNABORTED)) {
                nothing_left = !made && errno != EAGAIN && errno != EWOULDBLOCK;
                return made;
            }
        }
    }

    /// Gives the name back: nobody finds this any more. What has connected may still be accepted.
    void hide() noexcept { claim_.release(); }

    /// Takes no more connections, also where a child has inherited the socket.
    void close() noexcept {
        if (socket_) {
            claim_.release();
            ::shutdown(socket_.get(), SHUT_RDWR);
            socket_.reset();
        }
    }

    /// In a child: only lets go.
    void forget() noexcept { socket_.reset(); }

private:
    os::descriptor socket_;
    claim claim_;
};

}  // namespace parley::transport::socket
