#pragma once

#include <cstdint>
#include <string_view>
#include <type_traits>

#include <parley/compose/axes.hpp>
#include <parley/compose/list.hpp>
#include <parley/message/fingerprint.hpp>
#include <parley/message/text.hpp>
#include <parley/os/layout_version.hpp>

namespace parley::compose {

namespace composition_detail {

/// The first policy that is a sound word of the axis, or else the axis's fallback.
template <class Axis, class Chosen, class... Policies>
struct pick {
    using type = typename Axis::template fallback<Chosen>;
};

template <class Axis, class Chosen, class First, class... Rest>
struct pick<Axis, Chosen, First, Rest...> : pick<Axis, Chosen, Rest...> {};

template <class Axis, class Chosen, sound_word_of<Axis> First, class... Rest>
struct pick<Axis, Chosen, First, Rest...> {
    using type = First;
};

/// What is told of a word. What is implied is not.
template <class Word>
[[nodiscard]] constexpr auto told() {
    if constexpr (requires { requires Word::implied; }) {
        return text<0>{};
    } else {
        return "; " + name_of<Word>;
    }
}

template <class C, class... Axes>
[[nodiscard]] constexpr auto describe(list<Axes...>) {
    return "message " + message::layout_of<typename C::message> +
           (text<0>{} + ... + told<typename C::template word<Axes>>());
}

template <class C>
inline constexpr auto description = describe<C>(axes{});

template <class C>
inline constexpr auto introduction = "layout version " + decimal<os::layout_version> + ", " + description<C>;

}  // namespace composition_detail

/// What a message type and a set of policies mean: for each axis the word, chosen or by default.
///
/// It exists for every list of types, also where the rules (compose/rules.hpp) refuse it, because the rules are asked
/// of what it states (compose/facts.hpp). `description` and `fingerprint` exist where the rules hold.
template <class Message, class... Policies>
struct composition {
    using message = Message;
    using policies = list<Policies...>;

    /// The word of this axis.
    template <class Axis>
    using word = typename composition_detail::pick<Axis, composition, Policies...>::type;

    /// The layout of the message and all words, for people: what two sides of a channel must agree on.
    static constexpr std::string_view description = composition_detail::description<composition>;

    /// The same with the version of the layout: what a process says that somebody of another composition has met.
    static constexpr std::string_view introduction = composition_detail::introduction<composition>;

    /// That as a number, for comparing.
    static constexpr std::uint64_t fingerprint = parley::message::fingerprint(description);
};

}  // namespace parley::compose
