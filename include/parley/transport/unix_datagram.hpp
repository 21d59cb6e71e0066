#pragma once

#include <cstddef>
#include <string_view>

#include <parley/lifetime/owner.hpp>
#include <parley/transport/concept.hpp>
#include <parley/transport/datagram/envelope.hpp>
#include <parley/transport/datagram/room.hpp>
#include <parley/transport/datagram/unix_family.hpp>
#include <parley/transport/datagram/word.hpp>

namespace parley {

/// Datagram sockets of one machine (unix(7)). The name `orders` is the socket `orders.sock` in the user's runtime
/// directory, a name with a '/' is a path, and `@orders` is an abstract address.
///
/// The kernel has one queue for each receiver, and it holds net.unix.max_dgram_qlen and one more messages (11 where
/// nobody has changed it) of all its senders together. `bounded<N>` is exact for each sender as long as the windows of
/// all that send at the same time fit in there; beyond that a sender with room in its own window may have to wait for a
/// message of another to be received. An N that would never fit is refused when the receiver opens.
///
/// With `direct` and `bounded_by_kernel` or `unbounded`, an endpoint that receives from one peer lays aside what others
/// have sent, some megabytes for each. When that is full, everything behind it in the kernel's queue has to wait, of
/// whomever it is, until something of that peer is received.
struct unix_datagram : transport::datagram::word<transport::datagram::unix_family, 8> {
    using axis = transport_axis;
    using natural_lifetime = owner_lifetime;
    static constexpr std::string_view name = "unix_datagram";
    static constexpr transport::capabilities capabilities{
        .named = true,
        .per_user = true,
        .pairs = true,
        .many_senders = true,
        .connected = true,
        .keeps_boundaries = true,
        .ordered = true,
        .lossless = true,
        .kernel_buffer = true,
        .pollable = true,
        .raw = true,
        .direction = transport::directions::duplex,
        .largest_unit = 131072,  // one of them, and what the kernel adds, fits into net.core.wmem_default
    };

    /// The two ends of a new channel without a name, each for one process at a time.
    template <class C>
    [[nodiscard]] static auto pair() {
        constexpr std::size_t count = transport::datagram::window<C>;
        constexpr std::size_t size = transport::datagram::parcel_for<C>::largest;
        if constexpr (C::addressing::pairwise) {
            return family::make_link(count, size);
        } else {
            return family::make_pair(count, size);
        }
    }
};

}  // namespace parley
