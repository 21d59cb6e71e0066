#pragma once

#include <concepts>
#include <cstddef>
#include <limits>
#include <string_view>

/// The axis of buffering: how many messages may wait between sender and receiver.
///
/// A buffering word
/// - says `using axis = buffering_axis` and has a `name`;
/// - says its `capacity`: 0, N, or `without_limit`;
/// - says whether it is a `rendezvous`: a send ends only in the hands of a receiver.

namespace parley {

template <std::size_t Capacity>
struct bounded;  // buffering/bounded.hpp

namespace buffering {

/// The capacity of a link that takes every message as long as there is memory.
inline constexpr std::size_t without_limit = std::numeric_limits<std::size_t>::max();

}  // namespace buffering

struct buffering_axis;

template <class Word>
concept buffering_word = std::same_as<typename Word::axis, buffering_axis> && requires {
    std::string_view{Word::name};
    { Word::capacity } -> std::same_as<const std::size_t&>;
    { Word::rendezvous } -> std::convertible_to<bool>;
};

struct buffering_axis {
    static constexpr std::string_view name = "buffering";

    template <class Word>
    static constexpr bool accepts = buffering_word<Word>;

    template <class Chosen>
    using fallback = bounded<1024>;
};

}  // namespace parley
