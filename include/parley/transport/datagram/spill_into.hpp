#pragma once

#include <cerrno>
#include <cstddef>
#include <functional>
#include <span>
#include <system_error>
#include <utility>

#include <poll.h>
#include <sys/socket.h>

#include <parley/os/clock.hpp>
#include <parley/os/descriptor.hpp>
#include <parley/os/poll.hpp>
#include <parley/transport/spill.hpp>

namespace parley::transport::datagram {

/// Whether a send was refused only because there is no room at the moment.
[[nodiscard]] constexpr bool is_full(int error_number) noexcept {
    return error_number == EAGAIN || error_number == ENOBUFS || error_number == ENOMEM;
}

/// What a spill works with, in its own thread: a connected socket. Throws `std::system_error` with the kernel's number
/// where nobody is at its other end.
[[nodiscard]] inline transport::spill::link spill_into(int socket, std::function<bool()> wanted) {
    return {
        .put =
            [socket](std::span<const std::byte> datagram) {
                const auto sent = os::uninterrupted(
                    [&] { return ::send(socket, datagram.data(), datagram.size(), MSG_DONTWAIT | MSG_NOSIGNAL); });
                if (sent < 0 && !is_full(errno)) {
                    throw std::system_error(errno, std::generic_category());
                }
                return sent >= 0;
            },
        .wait = [socket] { static_cast<void>(os::poll_for(socket, POLLOUT, os::look_around_interval / 2)); },
        .wanted = std::move(wanted),
    };
}

}  // namespace parley::transport::datagram
