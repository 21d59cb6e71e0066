#pragma once

#include <array>
#include <cerrno>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include <linux/filter.h>
#include <poll.h>
#include <sys/socket.h>

#include <parley/os/descriptor.hpp>
#include <parley/os/error.hpp>
#include <parley/os/poll.hpp>
#include <parley/segment/segment.hpp>
#include <parley/transport/datagram/fate.hpp>
#include <parley/transport/datagram/room.hpp>
#include <parley/transport/socket/address.hpp>
#include <parley/transport/socket/claim.hpp>

/// Datagrams between machines (udp(7)), IPv4 and IPv6. They may be lost and may overtake each other.
///
/// Whether somebody is at an address shows only where the kernel or the network says that nobody is (ICMP). So a sender
/// knocks: it sends an empty datagram, which a receiver of parley's has its kernel throw away (a socket filter), so
/// that knocks take no room in its buffer however many come. On one machine the answer is there at once; over a network
/// a machine that has gone says nothing, and nobody notices.

namespace parley::transport::datagram {

struct internet_family {
    using address = socket::address;
    static constexpr bool lossless = false;
    static constexpr std::string_view limit_of_size = "a datagram has at most 65507 bytes over IPv4";

    [[nodiscard]] static address parse(std::string_view name) { return socket::internet_address(name, SOCK_DGRAM); }
    /// There is no object beside the socket.
    static bool remove(std::string_view name) {
        static_cast<void>(parse(name));
        return false;
    }

    /// Whether a receiver is at that address, or at least nothing says that there is none.
    [[nodiscard]] static bool answers(const address& at) noexcept;

    [[nodiscard]] static os::descriptor make_socket(const address& of) {
        os::descriptor made{::socket(of.family(), SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0)};
        if (!made) {
            os::throw_system(errno, "making a socket for " + of.where());
        }
        return made;
    }

    class place;
    class way;
};

/// A receiver's socket, bound to its address.
class internet_family::place {
public:
    [[nodiscard]] static place open(const address& at, const segment::attachment_request& request,
                                    const socket::identity& own, std::size_t count, std::size_t size, bool foreign) {
        place result;
        result.socket_ = make_socket(at);
        const int file = result.socket_.get();
        if (count != 0) {
            make_room(file, SO_RCVBUF, count, size, at.where(), "rmem_max");
            // For more senders than one: as much as there is.
            static_cast<void>(socket::enlarge(file, SO_RCVBUF, std::size_t{1} << 23));
        }
        if (!foreign) {
            ignore_knocks(file);
        }
        result.claim_ = socket::claim::take(file, SOCK_DGRAM, at, request, own);
        return result;
    }

    [[nodiscard]] int descriptor() const noexcept { return socket_.get(); }
    [[nodiscard]] const std::string& text() const noexcept { return claim_.where().where(); }
    [[nodiscard]] static constexpr bool is_pair() noexcept { return false; }
    [[nodiscard]] static constexpr bool may_ask() noexcept { return false; }
    [[nodiscard]] static constexpr bool removed() noexcept { return false; }
    /// A socket that is connected to nobody cannot be shut: what comes until it is closed is lost.
    [[nodiscard]] static constexpr bool shut() noexcept { return false; }
    void leave() noexcept { claim_.release(); }

private:
    static void ignore_knocks(int file) {
        constexpr std::uint32_t header_alone = 8;  // of UDP
        std::array<::sock_filter, 4> program{
            ::sock_filter{BPF_LD | BPF_W | BPF_LEN, 0, 0, 0},
            ::sock_filter{BPF_JMP | BPF_JEQ | BPF_K, 0, 1, header_alone},
            ::sock_filter{BPF_RET | BPF_K, 0, 0, 0},
            ::sock_filter{BPF_RET | BPF_K, 0, 0, 0xffffffff},
        };
        const ::sock_fprog filter{static_cast<unsigned short>(program.size()), program.data()};
        // Where filters are forbidden knocks come in, are found to be no messages, and are dropped.
        static_cast<void>(::setsockopt(file, SOL_SOCKET, SO_ATTACH_FILTER, &filter, sizeof filter));
    }

    os::descriptor socket_;
    socket::claim claim_;
};

/// A sender's socket, connected to its receiver's.
class internet_family::way {
public:
    /// None if it shows that nobody is there; `framed` says that a knock is allowed.
    [[nodiscard]] static std::optional<way> open(const address& to, const socket::identity&, std::size_t,
                                                 std::size_t size, bool framed) {
        way result;
        result.socket_ = make_socket(to);
        const int file = result.socket_.get();
        static_cast<void>(socket::enlarge(file, SO_SNDBUF, size + 1024));
        if (::connect(file, to.get(), to.length) != 0) {
            os::throw_system(errno, "sending to " + to.where(), "is there a network that leads there?");
        }
        if (framed) {
            if (result.look() == fate::died ||
                (os::poll_for(file, POLLIN, answer_of_this_machine) && result.refused())) {
                return std::nullopt;
            }
        }
        return result;
    }

    [[nodiscard]] int descriptor() const noexcept { return socket_.get(); }

    [[nodiscard]] fate look() const noexcept {
        if (::send(socket_.get(), nullptr, 0, MSG_DONTWAIT | MSG_NOSIGNAL) != 0 && errno == ECONNREFUSED) {
            return fate::died;
        }
        return refused() ? fate::died : fate::unknown;
    }

    [[nodiscard]] static constexpr bool may_ask() noexcept { return true; }

private:
    /// How long the kernel takes at most to say that nobody is there, where both are on one machine.
    static constexpr os::clock::duration answer_of_this_machine = std::chrono::milliseconds(1);

    [[nodiscard]] bool refused() const noexcept {
        int failure = 0;
        ::socklen_t size = sizeof failure;
        return ::getsockopt(socket_.get(), SOL_SOCKET, SO_ERROR, &failure, &size) == 0 && failure == ECONNREFUSED;
    }

    os::descriptor socket_;
};

inline bool internet_family::answers(const address& at) noexcept {
    try {
        return way::open(at, {}, 0, 1, true).has_value();
    } catch (const error&) {  // no descriptor left to ask with, say
        return true;
    }
}

}  // namespace parley::transport::datagram
