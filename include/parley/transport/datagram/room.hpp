#pragma once

#include <algorithm>
#include <cstddef>
#include <string>

#include <sys/socket.h>

#include <parley/os/error.hpp>
#include <parley/transport/socket/kind.hpp>

/// How much room datagrams take in the kernel, and how to have enough of it.

namespace parley::transport::datagram {

/// Sees to it that a buffer (`SO_SNDBUF`, `SO_RCVBUF`) has room for so many datagrams. Throws `errc::no_space` where
/// the system does not allow that. `limit` is the name of what the system allows, without "net.core.".
inline void make_room(int socket, int which, std::size_t count, std::size_t size, const std::string& where,
                      const std::string& limit) {
    // What has been received is given back to the buffer late: a quarter more.
    const auto of = [size](std::size_t number) {
        const auto whole = number * socket::room_taken(size);
        return whole + whole / 4;
    };
    const auto has = socket::enlarge(socket, which, of(count));
    if (has < of(count) && count > 1) {
        throw_error(errc::no_space,
                    where + ": room for " + std::to_string(count) + " datagrams of " + std::to_string(size) +
                        " bytes asked, " + std::to_string(of(count)) + " bytes, net.core." + limit + " allows " +
                        std::to_string(has) + " (sysctl net.core." + limit + "=" + std::to_string(of(count) / 2 + 1) +
                        ", or bounded<" + std::to_string(std::max<std::size_t>(1, has / (of(1) + 1))) + ">)");
    }
}

/// As many datagrams of that size, and not more than `most`, as a buffer that nobody has enlarged
/// (net.core.rmem_default, net.core.wmem_default: 212992) holds with as much again to spare.
[[nodiscard]] constexpr std::size_t natural_count(std::size_t size, std::size_t most) noexcept {
    return std::clamp<std::size_t>(212992 / 2 / socket::room_taken(size), 1, most);
}

}  // namespace parley::transport::datagram
