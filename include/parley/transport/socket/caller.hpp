#pragma once

#include <cerrno>
#include <cstring>
#include <string>
#include <utility>

#include <poll.h>
#include <sys/socket.h>

#include <parley/os/clock.hpp>
#include <parley/os/descriptor.hpp>
#include <parley/os/error.hpp>
#include <parley/os/poll.hpp>
#include <parley/transport/socket/address.hpp>
#include <parley/transport/socket/kind.hpp>
#include <parley/transport/socket/patience.hpp>

/// How a sender gets its connection.

namespace parley::transport::socket {

/// Whether `connect` got through.
enum class contact { made, absent, busy, begun };

/// The address of what has none, for people.
[[nodiscard]] inline address nowhere(std::string name) {
    address result;
    result.text = std::move(name);
    return result;
}

/// Calls at one address, again and again if need be, without waiting.
template <class Kind>
class caller {
public:
    explicit caller(address to) : address_(std::move(to)) {}

    [[nodiscard]] const address& to() const noexcept { return address_; }

    /// One attempt, or a look at one that was begun. `made` gets the socket of what got through. Throws what keeps a
    /// connection from ever being made.
    [[nodiscard]] contact call(os::descriptor& made) {
        if (!pending_) {
            auto begun = make_socket<Kind>(address_);
            leave_port_to_listeners(begun.get());
            if (os::uninterrupted([&] { return ::connect(begun.get(), address_.get(), address_.length); }) == 0) {
                return got_through(std::move(begun), made);
            }
            if (errno != EINPROGRESS) {
                return missed(errno);
            }
            pending_ = std::move(begun);  // on one machine the answer is there already
        }
        if (!os::is_ready(pending_.get(), POLLOUT)) {
            return contact::begun;
        }
        int error_number = 0;
        ::socklen_t length = sizeof error_number;
        ::getsockopt(pending_.get(), SOL_SOCKET, SO_ERROR, &error_number, &length);
        auto answered = std::move(pending_);
        return error_number != 0 ? missed(error_number) : got_through(std::move(answered), made);
    }

    /// Waits until what was begun has an answer.
    void await(os::deadline until) const noexcept {
        if (pending_) {
            sleep_on(pending_.get(), POLLOUT, until);
        }
    }

private:
    [[nodiscard]] static contact got_through(os::descriptor socket, os::descriptor& made) noexcept {
        if (is_connected_to_itself(socket.get())) {
            return contact::absent;
        }
        made = std::move(socket);
        return contact::made;
    }

    [[nodiscard]] contact missed(int error_number) {
        switch (error_number) {
            case ENOENT:
            case ECONNREFUSED:
            case ECONNRESET:
            case ENOTSOCK:
            case ETIMEDOUT:
            case EHOSTUNREACH:
            case ENETUNREACH:
                return contact::absent;
            case EAGAIN:
            case EINTR:
                return contact::busy;
            case EPROTOTYPE:
                throw_error(errc::incompatible, address_.where() + " is a socket of another kind than " +
                                                    std::string(Kind::name) + "; use the same transport on every side");
            default:
                os::throw_system(error_number, "connecting to " + address_.where());
        }
    }

    /// The port of a connection over tcp, which the kernel chose, may be the one that a listener wants.
    static void leave_port_to_listeners(int socket) noexcept {
        if constexpr (!Kind::local) {
            const int on = 1;
            ::setsockopt(socket, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
        }
    }

    /// Over tcp, a port of one's own that nobody listens on can answer by chance.
    [[nodiscard]] static bool is_connected_to_itself(int socket) noexcept {
        if constexpr (Kind::local) {
            return false;
        } else {
            address here;
            address there;
            here.length = there.length = sizeof here.storage;
            return ::getsockname(socket, reinterpret_cast<::sockaddr*>(&here.storage), &here.length) == 0 &&
                   ::getpeername(socket, reinterpret_cast<::sockaddr*>(&there.storage), &there.length) == 0 &&
                   here.length == there.length && std::memcmp(&here.storage, &there.storage, here.length) == 0;
        }
    }

    address address_;
    os::descriptor pending_;  ///< a connection that is being made
};

}  // namespace parley::transport::socket
