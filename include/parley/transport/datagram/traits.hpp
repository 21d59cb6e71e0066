#pragma once

#include <cstddef>
#include <cstdint>

#include <parley/addressing/concept.hpp>
#include <parley/buffering/concept.hpp>
#include <parley/framing/concept.hpp>
#include <parley/message/kind.hpp>
#include <parley/synchronization/concept.hpp>
#include <parley/transport/datagram/envelope.hpp>

/// What the datagram transports ask of a composition.

namespace parley::transport::datagram {

template <class C>
inline constexpr bool bare = C::template word<framing_axis>::foreign;

/// Messages for each sender that may be on their way; 0 where nobody counts them.
template <class C>
inline constexpr std::uint32_t window = [] {
    constexpr auto capacity = C::template word<buffering_axis>::capacity;
    static_assert(capacity >= buffering::as_the_kernel_says || capacity < std::uint32_t{1} << 31,
                  "messages are numbered modulo 2^32");
    return capacity >= buffering::as_the_kernel_says ? 0U : static_cast<std::uint32_t>(capacity);
}();

template <class C>
inline constexpr bool spills = C::template word<buffering_axis>::capacity == buffering::without_limit;

/// Large messages that travel as they lie in memory are sent from where they lie, and received to where they stay.
template <class C>
inline constexpr bool travels_as_it_lies = message::trivial<typename C::message> && sizeof(typename C::message) > 1024;

template <class C>
using parcel_for = parcel<typename C::message, bare<C>>;

}  // namespace parley::transport::datagram
