#pragma once

#include <algorithm>
#include <array>
#include <charconv>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <string>
#include <string_view>

#include <netdb.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <parley/os/error.hpp>
#include <parley/os/runtime_directory.hpp>

/// Which address of a socket a channel's name stands for.
///
/// | name | address |
/// |---|---|
/// | `orders` (local) | the path `orders.sock` in the user's runtime directory (os/runtime_directory.hpp) |
/// | `/run/orders` or `./orders` (local) | that path |
/// | `@orders` (local) | an abstract address, without a file (unix(7)) |
/// | `host:5000`, `[::1]:5000` (internet) | that host and port |
/// | `:5000`, `5000`, `localhost:5000` (internet) | port 5000 of this machine, 127.0.0.1 |

namespace parley::transport::socket {

struct address {
    ::sockaddr_storage storage{};
    ::socklen_t length = 0;
    std::string path;  ///< of a socket that lies in the file system; empty for all others
    std::string text;  ///< tells addresses apart: a local name as it was given, or `host:port` in numbers

    [[nodiscard]] const ::sockaddr* get() const noexcept { return reinterpret_cast<const ::sockaddr*>(&storage); }
    [[nodiscard]] int family() const noexcept { return storage.ss_family; }
    [[nodiscard]] bool has_path() const noexcept { return !path.empty(); }

    /// For people: where the object lies.
    [[nodiscard]] const std::string& where() const noexcept { return has_path() ? path : text; }
};

namespace address_detail {

[[noreturn]] inline void refuse(std::string_view name, const std::string& why) {
    std::string printable{name};
    std::replace(printable.begin(), printable.end(), '\0', '?');
    throw_error(errc::invalid_name, "the name '" + printable + "' cannot be used: " + why);
}

inline constexpr std::size_t longest_path = sizeof(::sockaddr_un::sun_path) - 1;

struct host_and_port {
    std::string host;
    std::string port;
};

[[nodiscard]] inline host_and_port split(std::string_view name) {
    constexpr auto form = "write host:port, [::1]:5000, or :5000 or 5000 for this machine";
    std::string_view host;
    auto port = name;
    if (!name.empty() && name.front() == '[') {
        const auto end = name.find(']');
        if (end == std::string_view::npos || end + 1 >= name.size() || name[end + 1] != ':') {
            refuse(name, form);
        }
        host = name.substr(1, end - 1);
        port = name.substr(end + 2);
    } else if (const auto colon = name.rfind(':'); colon != std::string_view::npos) {
        host = name.substr(0, colon);
        port = name.substr(colon + 1);
        if (host.find(':') != std::string_view::npos) {
            refuse(name, "an IPv6 address stands in brackets, as in [::1]:5000");
        }
    }
    std::uint32_t number = 0;
    const auto parsed = std::from_chars(port.data(), port.data() + port.size(), number);
    if (parsed.ec != std::errc{} || parsed.ptr != port.data() + port.size() || number == 0 || number > 65535) {
        refuse(name, std::string(form) + "; the port is a number from 1 to 65535");
    }
    if (name.find('\0') != std::string_view::npos) {
        refuse(name, form);
    }
    // The resolver knows two of that name, or none: whoever says it means the loopback that is meant without a host.
    return {host.empty() || host == "localhost" ? "127.0.0.1" : std::string(host), std::string(port)};
}

/// `host:port` in numbers, so that two spellings of one address are one text.
[[nodiscard]] inline std::string in_numbers(const address& of) {
    std::array<char, NI_MAXHOST> host{};
    std::array<char, NI_MAXSERV> port{};
    if (::getnameinfo(of.get(), of.length, host.data(), host.size(), port.data(), port.size(),
                      NI_NUMERICHOST | NI_NUMERICSERV) != 0) {
        return {};
    }
    const std::string text = host.data();
    return (of.family() == AF_INET6 ? "[" + text + "]" : text) + ":" + port.data();
}

}  // namespace address_detail

/// The address in the file system, or the abstract one, that a local name stands for. Throws `errc::invalid_name`.
[[nodiscard]] inline address local_address(std::string_view name) {
    using namespace address_detail;
    if (name.empty() || name == "@" || name.find('\0') != std::string_view::npos) {
        refuse(name, "write a name such as orders, a path with a '/', or @orders for an address without a file");
    }
    address result;
    auto& local = reinterpret_cast<::sockaddr_un&>(result.storage);
    local.sun_family = AF_UNIX;
    std::string bytes;
    if (name.front() == '@') {
        bytes = std::string(name);
        bytes.front() = '\0';
    } else {
        bytes = name.find('/') == std::string_view::npos ? os::runtime_directory() + "/" + std::string(name) + ".sock"
                                                         : std::string(name);
        result.path = bytes;
    }
    if (bytes.size() > longest_path) {
        refuse(name, (result.has_path() ? "its path " + result.path : "it") + " has " + std::to_string(bytes.size()) +
                         " bytes, and the address of a local socket at most " + std::to_string(longest_path) +
                         "; choose a shorter one");
    }
    std::memcpy(local.sun_path, bytes.data(), bytes.size());
    result.length = static_cast<::socklen_t>(offsetof(::sockaddr_un, sun_path) + bytes.size() +
                                             (result.has_path() ? 1 : 0));  // a path ends with a zero byte
    result.text = std::string(name);
    return result;
}

/// The address of a host and port, for sockets of `type` (`SOCK_STREAM`, `SOCK_DGRAM`). Asks the resolver if the host
/// is no number. Throws `errc::invalid_name`.
[[nodiscard]] inline address internet_address(std::string_view name, int type) {
    using namespace address_detail;
    const auto [host, port] = split(name);
    ::addrinfo wanted{};
    wanted.ai_family = AF_UNSPEC;
    wanted.ai_socktype = type;
    wanted.ai_flags = AI_NUMERICSERV;
    ::addrinfo* found = nullptr;
    const int refused = ::getaddrinfo(host.c_str(), port.c_str(), &wanted, &found);
    if (refused != 0) {
        refuse(name, "the host '" + host + "' is not known: " + ::gai_strerror(refused));
    }
    const std::unique_ptr<::addrinfo, decltype(&::freeaddrinfo)> guard{found, ::freeaddrinfo};
    address result;
    std::memcpy(&result.storage, found->ai_addr, found->ai_addrlen);
    result.length = found->ai_addrlen;
    result.text = in_numbers(result);
    return result;
}

}  // namespace parley::transport::socket
