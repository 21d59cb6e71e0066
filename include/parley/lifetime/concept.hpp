#pragma once

#include <concepts>
#include <string_view>

/// The axis of lifetimes: when the channel and what is in it go away by themselves. (`C::remove(name)` ends any of
/// them.)
///
/// A lifetime word
/// - says `using axis = lifetime_axis` and has a `name`;
/// - says `until` when the channel lives. The terms are those of Boost.Interprocess.

namespace parley {

struct owner_lifetime;
struct transport_axis;
struct addressing_axis;

namespace lifetime {

/// What a channel outlives, and what ends it.
enum class end {
    owner,   ///< it goes with its owner: the one receiver of a port, or else the process that created it
    kernel,  ///< it outlives every process and goes with the running kernel
    removal  ///< it outlives a reboot and goes when it is removed
};

/// What belongs to a process goes with that process; everything else lives as long as what carries it.
template <class Addressing, class Transport>
struct natural {
    using type = typename Transport::natural_lifetime;
};

template <class Addressing, class Transport>
requires Addressing::owned struct natural<Addressing, Transport> {
    using type = owner_lifetime;
};

}  // namespace lifetime

struct lifetime_axis;

/// A word of this axis: has what the top of this file says.
template <class Word>
concept lifetime_word = std::same_as<typename Word::axis, lifetime_axis> && requires {
    std::string_view{Word::name};
    { Word::until } -> std::same_as<const lifetime::end&>;
};

/// The axis: when the channel and what is in it go away by themselves.
struct lifetime_axis {
    static constexpr std::string_view name = "lifetime";

    template <class Word>
    static constexpr bool accepts = lifetime_word<Word>;

    template <class Chosen>
    using fallback = typename lifetime::natural<typename Chosen::template word<addressing_axis>,
                                                typename Chosen::template word<transport_axis>>::type;
};

}  // namespace parley
