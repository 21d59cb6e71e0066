#pragma once

#include <cerrno>
#include <memory>
#include <type_traits>
#include <utility>

#include <sys/socket.h>

#include <parley/addressing/concept.hpp>
#include <parley/framing/concept.hpp>
#include <parley/os/descriptor.hpp>
#include <parley/os/error.hpp>
#include <parley/transport/concept.hpp>
#include <parley/transport/socket/connection.hpp>
#include <parley/transport/socket/direct_endpoint.hpp>
#include <parley/transport/socket/direct_link.hpp>
#include <parley/transport/socket/hub.hpp>
#include <parley/transport/socket/outlet.hpp>
#include <parley/transport/socket/port_ends.hpp>
#include <parley/transport/socket/raw_connection.hpp>

namespace parley::transport::socket {

/// How messages travel over a connection of a channel: framed, or raw.
template <class C, class Kind>
using connection_of =
    std::conditional_t<C::template word<framing_axis>::foreign, raw_connection<C, Kind>, connection<C, Kind>>;
template <class C, class Kind>
using hub_of = hub<C, connection_of<C, Kind>>;
template <class C, class Kind>
using outlet_of = outlet<C, connection_of<C, Kind>>;

/// One connection, over which each side of a pair sends and receives.
template <class C, class Connection>
struct pair_of<hub<C, Connection>, outlet<C, Connection>> {
    static auto attach(int descriptor) {
        auto link = std::make_shared<Connection>(duplicate_of(descriptor), role::both);
        link->introduce({});
        return std::pair{std::make_unique<hub<C, Connection>>(link), std::make_unique<outlet<C, Connection>>(link)};
    }
};

/// What every transport word over sockets that connect gives to a channel `C`: the links (transport/link.hpp).
template <class Kind>
struct stream_word {
    template <class Message>
    using natural_buffering = typename natural<Message>::type;

    template <class C>
    using sending_end = port_sending_end<C, outlet_of<C, Kind>>;
    template <class C>
    using receiving_end = port_receiving_end<C, hub_of<C, Kind>>;
    template <class C>
    using link_end = direct_link_end<C, hub_of<C, Kind>, outlet_of<C, Kind>>;
    template <class C>
    using endpoint = direct_endpoint<C, hub_of<C, Kind>, outlet_of<C, Kind>>;

    /// The two ends of a new channel without a name.
    template <class C>
    [[nodiscard]] static std::pair<os::descriptor, os::descriptor> pair() requires(Kind::local) {
        int made[2];
        if (::socketpair(AF_UNIX, Kind::type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, made) != 0) {
            os::throw_system(errno, "making a pair of sockets");
        }
        return {os::descriptor{made[0]}, os::descriptor{made[1]}};
    }
};

/// What sockets that connect can do.
inline constexpr capabilities common_capabilities{
    .named = true,
    .per_user = true,
    .many_senders = true,
    .connected = true,
    .ordered = true,
    .lossless = true,
    .rendezvous = true,
    .kernel_buffer = true,
    .pollable = true,
    .raw = true,
    .splits = true,
    .direction = directions::duplex,
};

}  // namespace parley::transport::socket
