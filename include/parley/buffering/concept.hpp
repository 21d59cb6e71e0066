#pragma once

#include <concepts>
#include <cstddef>
#include <limits>
#include <string_view>
#include <type_traits>

#include <parley/message/kind.hpp>

/// The axis of buffering: how many messages may wait between sender and receiver.
///
/// A buffering word
/// - says `using axis = buffering_axis` and has a `name`;
/// - says its `capacity`: 0, N, `without_limit`, or `as_the_kernel_says`;
/// - says whether it is a `rendezvous`: a send ends only in the hands of a receiver.

namespace parley {

template <std::size_t Capacity>
struct bounded;            // buffering/bounded.hpp
struct bounded_by_kernel;  // buffering/bounded_by_kernel.hpp

namespace buffering {

/// The capacity of a link that takes every message as long as there is memory.
inline constexpr std::size_t without_limit = std::numeric_limits<std::size_t>::max();

/// The capacity of a link whose bound is the measure of the kernel's own buffer.
inline constexpr std::size_t as_the_kernel_says = without_limit - 1;

/// What the composition gets that names none: what its transport holds by nature, or else 1024 messages.
template <class Transport, class Message>
struct natural {
    using type = bounded<1024>;
};

template <class Transport, class Message>
    requires requires { typename Transport::template natural_buffering<Message>; }
struct natural<Transport, Message> {
    using type = typename Transport::template natural_buffering<Message>;
};

}  // namespace buffering

struct buffering_axis;
struct transport_axis;
struct framing_axis;
struct payload_axis;

namespace buffering {

/// What cannot travel has no size from which more could follow.
template <class Chosen>
struct fallback_for {
    using type = bounded<1024>;
};

template <class Chosen>
    requires message::sendable<typename Chosen::message>
struct fallback_for<Chosen> {
    using transport = typename Chosen::template word<transport_axis>;
    using travelling = typename Chosen::template word<payload_axis>::template travelling<typename Chosen::message>;
    using type =
        typename std::conditional_t<Chosen::template word<framing_axis>::foreign &&
                                        (transport::capabilities.kernel_buffer ||
                                         !transport::capabilities.exact_capacity),
                                    std::type_identity<bounded_by_kernel>, natural<transport, travelling>>::type;
};

}  // namespace buffering

/// A word of this axis: has what the top of this file says.
template <class Word>
concept buffering_word = std::same_as<typename Word::axis, buffering_axis> && requires {
    std::string_view{Word::name};
    { Word::capacity } -> std::same_as<const std::size_t&>;
    { Word::rendezvous } -> std::convertible_to<bool>;
};

/// The axis: how many messages may wait between sender and receiver.
struct buffering_axis {
    static constexpr std::string_view name = "buffering";

    template <class Word>
    static constexpr bool accepts = buffering_word<Word>;

    /// `raw` adds nothing to what the kernel does, so there the bound is the kernel's where it has one.
    template <class Chosen>
    using fallback = typename buffering::fallback_for<Chosen>::type;
};

}  // namespace parley
