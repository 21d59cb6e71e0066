#pragma once

#include <parley/message/text.hpp>
#include <parley/synchronization/concept.hpp>

namespace parley {

namespace synchronization {

/// The name of a side that waits. For a type that is no strategy it is a placeholder, so that the rule about it can
/// speak before anything else fails.
template <class Strategy>
[[nodiscard]] constexpr auto waiting_name() {
    if constexpr (wait_strategy<Strategy>) {
        return "blocking_on<" + name_of<Strategy> + ">";
    } else {
        return text{"blocking_on<?>"};
    }
}

}  // namespace synchronization

/// A side that waits until it can go on, by the strategy named: `spin`, `condvar` or `futex`. As a word of its own it
/// stands for both sides.
template <class Strategy>
struct blocking_on {
    using axis = synchronization_axis;
    using sender_side = blocking_on;
    using receiver_side = blocking_on;
    using strategy = Strategy;

    static constexpr bool waits = true;
    static constexpr bool well_formed = wait_strategy<Strategy>;
    static constexpr auto side_name = synchronization::waiting_name<Strategy>();
    static constexpr auto name = side_name + " to " + side_name;
};

/// Both sides wait, by the default strategy.
using blocking = blocking_on<condvar>;

}  // namespace parley
