#pragma once

#include <string_view>

#include <parley/addressing/concept.hpp>

/// How a mailbox picks the receiver of a message.

namespace parley {

/// Whoever comes first takes the next message.
struct any {
    static constexpr std::string_view name = "any";
    static constexpr bool takes_turns = false;
    static constexpr bool one_at_a_time = false;
};

/// The receivers take turns: each gets as many messages as every other, give or take one.
struct round_robin {
    static constexpr std::string_view name = "round_robin";
    static constexpr bool takes_turns = true;
    static constexpr bool one_at_a_time = false;
};

/// One process at a time may receive. The next one may when it has left or died.
struct exclusive {
    static constexpr std::string_view name = "exclusive";
    static constexpr bool takes_turns = false;
    static constexpr bool one_at_a_time = true;
};

static_assert(selection_word<any> && selection_word<round_robin> && selection_word<exclusive>);

}  // namespace parley
