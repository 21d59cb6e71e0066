#pragma once

#include <concepts>
#include <string_view>

/// The axis of addressing: who may talk to whom.
///
/// An addressing word
/// - says `using axis = addressing_axis` and has a `name`;
/// - says whether a link has `many_senders` and `many_receivers`: this picks the algorithm underneath;
/// - says whether it is `owned`: created by its one receiver and gone with it;
/// - says whether it is `pairwise`: one link for each pair of processes that name each other;
/// - says by which `selection` a message finds its receiver, and with what `delivery` when that receiver dies.

namespace parley {

template <class Selection, class Delivery>
struct basic_mailbox;  // addressing/mailbox.hpp
struct any;
struct at_most_once;

struct addressing_axis;

/// Which of several receivers gets a message.
template <class Word>
concept selection_word = requires {
    std::string_view{Word::name};
    { Word::takes_turns } -> std::convertible_to<bool>;
    { Word::one_at_a_time } -> std::convertible_to<bool>;
};

/// What becomes of a message in the hands of a receiver that dies.
template <class Word>
concept delivery_word = requires {
    std::string_view{Word::name};
    { Word::redelivers } -> std::convertible_to<bool>;
};

/// A word of this axis: has what the top of this file says.
template <class Word>
concept addressing_word = std::same_as<typename Word::axis, addressing_axis> &&
    selection_word<typename Word::selection> && delivery_word<typename Word::delivery> && requires {
    std::string_view{Word::name};
    { Word::many_senders } -> std::convertible_to<bool>;
    { Word::many_receivers } -> std::convertible_to<bool>;
    { Word::owned } -> std::convertible_to<bool>;
    { Word::pairwise } -> std::convertible_to<bool>;
};

/// The axis: who may talk to whom.
struct addressing_axis {
    static constexpr std::string_view name = "addressing";

    template <class Word>
    static constexpr bool accepts = addressing_word<Word>;

    template <class Chosen>
    using fallback = basic_mailbox<any, at_most_once>;
};

}  // namespace parley
