#pragma once

#include <cstddef>
#include <type_traits>

#include <parley/addressing/concept.hpp>
#include <parley/buffering/concept.hpp>
#include <parley/compose/list.hpp>
#include <parley/framing/concept.hpp>
#include <parley/lifetime/concept.hpp>
#include <parley/payload/concept.hpp>
#include <parley/synchronization/concept.hpp>
#include <parley/transport/concept.hpp>

/// The axes of a composition.
///
/// An axis is a struct in the `concept.hpp` of its folder, with
/// - a `name`;
/// - `template <class Word> static constexpr bool accepts`: the word keeps the axis's contract;
/// - `template <class Chosen> using fallback`: the word for a composition that names none. `Chosen` offers
///   `template word<Axis>`, so that one default can follow from the words of other axes.
///
/// A new axis is its folder and one entry in this list.

namespace parley::compose {

/// In the order in which a description tells them.
using axes = list<transport_axis, addressing_axis, synchronization_axis, buffering_axis, lifetime_axis, framing_axis,
                  payload_axis>;

namespace axes_detail {

template <class Axis, class... Axes>
[[nodiscard]] constexpr bool is_among(list<Axes...>) {
    return (std::is_same_v<Axis, Axes> || ...);
}

}  // namespace axes_detail

/// A type that says it is a word of one of the axes.
template <class Policy>
concept word = requires {
    typename Policy::axis;
}
&&axes_detail::is_among<typename Policy::axis>(axes{});

/// A type that says it is a word of this axis.
template <class Policy, class Axis>
concept word_of = word<Policy> && std::is_same_v<typename Policy::axis, Axis>;

/// A word of this axis that keeps the axis's contract.
template <class Policy, class Axis>
concept sound_word_of = word_of<Policy, Axis> && Axis::template accepts<Policy>;

}  // namespace parley::compose
