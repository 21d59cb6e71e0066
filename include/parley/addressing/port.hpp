#pragma once

#include <string_view>

#include <parley/addressing/concept.hpp>
#include <parley/addressing/delivery.hpp>
#include <parley/addressing/selection.hpp>

namespace parley {

/// A mailbox owned by its one receiver: created by it and gone with it. A second receiver is refused while it lives.
struct port {
    using axis = addressing_axis;
    using selection = any;
    using delivery = at_most_once;
    static constexpr std::string_view name = "port";
    static constexpr bool many_senders = true;
    static constexpr bool many_receivers = false;
    static constexpr bool owned = true;
    static constexpr bool pairwise = false;
};

static_assert(addressing_word<port>);

}  // namespace parley
