#pragma once

#include <string_view>

#include <parley/lifetime/owner.hpp>
#include <parley/transport/concept.hpp>
#include <parley/transport/datagram/envelope.hpp>
#include <parley/transport/datagram/internet_family.hpp>
#include <parley/transport/datagram/word.hpp>

namespace parley {

/// Datagram sockets across machines (udp(7)). The name is `host:port`, `[::1]:5000`, or `:5000` or `5000` for this
/// machine, 127.0.0.1; nothing is reached from outside that does not name an address of the outside.
///
/// Messages may be lost, on their way or where the receiver's buffer (net.core.rmem_max) is full, and one that a later
/// one of its sender has overtaken is dropped: what arrives is in order. On one machine nothing is lost as long as the
/// windows of all senders fit in the receiver's buffer. Whoever may send to the address may send anything; whoever can
/// see the traffic can also pretend to be a sender.
///
/// That a receiver is gone shows on one machine and where the network says so; a machine that is cut off is waited for.
struct udp : transport::datagram::word<transport::datagram::internet_family, 64> {
    using axis = transport_axis;
    using natural_lifetime = owner_lifetime;
    static constexpr std::string_view name = "udp";
    static constexpr transport::capabilities capabilities{
        .named = true,
        .many_senders = true,
        .connected = true,
        .keeps_boundaries = true,
        .ordered = true,
        .kernel_buffer = true,
        .crosses_machines = true,
        .pollable = true,
        .raw = true,
        .direction = transport::directions::duplex,
        .largest_unit = 65507 - transport::datagram::besides_header,
    };
};

}  // namespace parley
