#pragma once

#include <type_traits>

#include <parley/compose/axes.hpp>
#include <parley/compose/list.hpp>

/// What the rules (compose/rules.hpp) ask of a composition and of its policies.

namespace parley::compose::questions {

template <class C>
using transport_of = typename C::template word<transport_axis>;
template <class C>
using addressing_of = typename C::template word<addressing_axis>;
template <class C>
using buffering_of = typename C::template word<buffering_axis>;
template <class C>
using framing_of = typename C::template word<framing_axis>;
template <class C>
using lifetime_of = typename C::template word<lifetime_axis>;
template <class C>
using payload_of = typename C::template word<payload_axis>;
/// What the transport carries: the message, or what stands for it.
template <class C>
using travelling = typename payload_of<C>::template travelling<typename C::message>;
template <class C>
using sender_side_of = typename C::template word<synchronization_axis>::sender_side;
template <class C>
using receiver_side_of = typename C::template word<synchronization_axis>::receiver_side;

/// What the transport of a composition can do, with the framing that it has.
template <class C>
inline constexpr transport::capabilities can = [] {
    if constexpr (framing_of<C>::foreign && requires { transport_of<C>::raw_capabilities; }) {
        return transport_of<C>::raw_capabilities;
    } else {
        return transport_of<C>::capabilities;
    }
}();

/// A word with arguments says whether they make sense; others do not need to.
template <class Word>
[[nodiscard]] constexpr bool is_well_formed() {
    if constexpr (requires { Word::well_formed; }) {
        return Word::well_formed;
    } else {
        return true;
    }
}

template <class... Policies>
[[nodiscard]] constexpr bool all_are_words(list<Policies...>) {
    return (word<Policies> && ...);
}

template <class Policy>
[[nodiscard]] constexpr bool is_sound() {
    if constexpr (word<Policy>) {
        return sound_word_of<Policy, typename Policy::axis>;
    } else {
        return true;
    }
}

template <class... Policies>
[[nodiscard]] constexpr bool all_are_sound(list<Policies...>) {
    return (is_sound<Policies>() && ...);
}

template <class C, class... Axes>
[[nodiscard]] constexpr bool one_word_each(list<Axes...>) {
    return ((C::template given<Axes> <= 1) && ...);
}

}  // namespace parley::compose::questions
