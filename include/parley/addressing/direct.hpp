#pragma once

#include <string_view>

#include <parley/addressing/concept.hpp>
#include <parley/addressing/delivery.hpp>
#include <parley/addressing/selection.hpp>

namespace parley {

/// Processes name each other: exactly one link for each pair, set up by itself at first use.
struct direct {
    using axis = addressing_axis;
    using selection = any;
    using delivery = at_most_once;
    static constexpr std::string_view name = "direct";
    static constexpr bool many_senders = false;
    static constexpr bool many_receivers = false;
    static constexpr bool owned = false;
    static constexpr bool pairwise = true;
};

static_assert(addressing_word<direct>);

}  // namespace parley
