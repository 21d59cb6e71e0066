#pragma once

#include <string_view>

#include <parley/addressing/concept.hpp>

/// What becomes of a message that a receiver has taken when that receiver dies before it is done with it.

namespace parley {

/// It is lost with its receiver: nobody sees a message twice.
struct at_most_once {
    static constexpr std::string_view name = "at_most_once";
    static constexpr bool redelivers = false;
};

/// It is given to another receiver: every message is seen, and one may be seen twice.
struct at_least_once {
    static constexpr std::string_view name = "at_least_once";
    static constexpr bool redelivers = true;
};

static_assert(delivery_word<at_most_once> && delivery_word<at_least_once>);

}  // namespace parley
