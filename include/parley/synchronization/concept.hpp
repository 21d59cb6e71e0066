#pragma once

#include <concepts>
#include <string_view>

#include <parley/wait/concept.hpp>

/// The axis of synchronization: how each side waits, or that it does not.
///
/// A side (`blocking_on<strategy>`, `nonblocking`)
/// - says whether it `waits`, and by which `strategy` (`void` where it does not);
/// - has a `side_name`.
///
/// A synchronization word
/// - says `using axis = synchronization_axis` and has a `name`, which tells both sides;
/// - has a `sender_side` and a `receiver_side`.

namespace parley {

template <class Strategy>
struct blocking_on;  // synchronization/blocking.hpp

struct synchronization_axis;

/// One side of a synchronization word: has what the top of this file says.
template <class Side>
concept synchronization_side = requires {
    typename Side::strategy;
    std::string_view{Side::side_name};
    { Side::waits } -> std::convertible_to<bool>;
};

/// A word of this axis: has what the top of this file says.
template <class Word>
concept synchronization_word = std::same_as<typename Word::axis, synchronization_axis> &&
    synchronization_side<typename Word::sender_side> && synchronization_side<typename Word::receiver_side> && requires {
    std::string_view{Word::name};
};

/// The axis: how each side waits, or that it does not.
struct synchronization_axis {
    static constexpr std::string_view name = "synchronization";

    template <class Word>
    static constexpr bool accepts = synchronization_word<Word>;

    template <class Chosen>
    using fallback = blocking_on<condvar>;
};

}  // namespace parley
