#pragma once

#include <string_view>

#include <parley/lifetime/owner.hpp>
#include <parley/transport/concept.hpp>
#include <parley/transport/socket/kind.hpp>
#include <parley/transport/socket/stream_word.hpp>

namespace parley {

/// TCP (tcp(7)), also between machines. A channel's name is the address of its receiver: `host:5000`, `[::1]:5000`, or
/// `:5000` for port 5000 of this machine's own loopback. With direct addressing it is the address of the process of
/// that name, as others reach it.
struct tcp : transport::socket::stream_word<transport::socket::tcp_kind> {
    using axis = transport_axis;
    using natural_lifetime = owner_lifetime;
    static constexpr std::string_view name = transport::socket::tcp_kind::name;
    static constexpr transport::capabilities capabilities = [] {
        auto result = transport::socket::common_capabilities;
        result.crosses_machines = true;
        return result;
    }();
};

}  // namespace parley
