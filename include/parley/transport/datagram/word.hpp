#pragma once

#include <cstddef>

#include <parley/buffering/bounded.hpp>
#include <parley/transport/datagram/direct_endpoint.hpp>
#include <parley/transport/datagram/envelope.hpp>
#include <parley/transport/datagram/port_end.hpp>
#include <parley/transport/datagram/room.hpp>

namespace parley::transport::datagram {

/// What every transport word over datagram sockets gives to a channel `C`. `Most`: how many messages have room where a
/// composition does not say, if they are small.
template <class Family, std::size_t Most>
struct word {
    using family = Family;

    template <class Message>
    using natural_buffering = bounded<natural_count(parcel<Message, false>::largest, Most)>;

    template <class C>
    using sending_end = datagram::sending_end<C, Family>;
    template <class C>
    using receiving_end = datagram::receiving_end<C, Family>;
    template <class C>
    using link_end = datagram::link_end<C, Family>;
    template <class C>
    using endpoint = direct_endpoint<C, Family>;
};

}  // namespace parley::transport::datagram
