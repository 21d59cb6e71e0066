#pragma once

#include <array>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <string>

#include <sys/socket.h>
#include <sys/un.h>

#include <parley/os/descriptor.hpp>
#include <parley/os/error.hpp>
#include <parley/os/random.hpp>

/// A doorbell: a descriptor for poll(2) that another process can make readable, knowing only a number.
///
/// It is a datagram socket with an abstract address (unix(7)). An eventfd would have to be handed over, and a fifo
/// would stay behind when its process is killed; this address the kernel takes away with the process, and any process
/// of the same network namespace reaches it. Where it cannot be reached, ringing does nothing.

namespace parley::os {

class doorbell {
public:
    /// Hangs up a bell under a number that nobody else has.
    doorbell() : socket_(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0)) {
        if (!socket_) {
            throw_system(errno, "making a doorbell", "raise the limit of open files (ulimit -n)");
        }
        do {
            number_ = random_number<std::uint64_t>();
        } while (number_ == 0 || !bind());
    }

    [[nodiscard]] int handle() const noexcept { return socket_.get(); }
    [[nodiscard]] std::uint64_t number() const noexcept { return number_; }

    /// Makes the handle unreadable until the next ring.
    void silence() noexcept {
        std::byte ignored{};
        while (::recv(socket_.get(), &ignored, sizeof ignored, 0) >= 0 || errno == EINTR) {
        }
    }

    /// Makes the bell of that number readable. It stays so until it is silenced, however often it is rung.
    static void ring(std::uint64_t number) noexcept {
        static const int way_out = ::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
        const auto address = address_of(number);
        static_cast<void>(
            ::sendto(way_out, "!", 1, MSG_NOSIGNAL, reinterpret_cast<const ::sockaddr*>(&address), address_size));
    }

private:
    static constexpr std::size_t name_size = sizeof("parley-bell-0123456789abcdef") - 1;
    static constexpr ::socklen_t address_size =
        static_cast<::socklen_t>(offsetof(::sockaddr_un, sun_path) + 1 + name_size);

    /// The prefix is ours whatever the number is, so who writes a false number rings at most another's bell.
    [[nodiscard]] static ::sockaddr_un address_of(std::uint64_t number) noexcept {
        ::sockaddr_un address{};
        address.sun_family = AF_UNIX;
        std::snprintf(address.sun_path + 1, sizeof address.sun_path - 1, "parley-bell-%016llx",
                      static_cast<unsigned long long>(number));
        return address;
    }

    [[nodiscard]] bool bind() {
        const auto address = address_of(number_);
        if (::bind(socket_.get(), reinterpret_cast<const ::sockaddr*>(&address), address_size) == 0) {
            return true;
        }
        if (errno != EADDRINUSE) {
            throw_system(errno, "hanging up a doorbell");
        }
        return false;
    }

    descriptor socket_;
    std::uint64_t number_ = 0;
};

}  // namespace parley::os
