#pragma once

#include <concepts>
#include <string_view>

/// The axis of framing: what travels beside the bytes of a message.
///
/// A framing word
/// - says `using axis = framing_axis` and has a `name`;
/// - says whether it is `foreign`: the other side may be a program that knows nothing of parley;
/// - says whether it is `implied`: what a composition means that does not speak of framing, and what its description
///   does not tell.

namespace parley {

struct framed;  // framing/framed.hpp

struct framing_axis;

/// A word of this axis: has what the top of this file says.
template <class Word>
concept framing_word = std::same_as<typename Word::axis, framing_axis> && requires {
    std::string_view{Word::name};
    { Word::foreign } -> std::convertible_to<bool>;
    { Word::implied } -> std::convertible_to<bool>;
};

/// The axis: what travels beside the bytes of a message.
struct framing_axis {
    static constexpr std::string_view name = "framing";

    template <class Word>
    static constexpr bool accepts = framing_word<Word>;

    template <class Chosen>
    using fallback = framed;
};

}  // namespace parley
