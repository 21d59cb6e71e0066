#pragma once

#include <string_view>
#include <type_traits>

#include <parley/message/text.hpp>
#include <parley/synchronization/blocking.hpp>
#include <parley/synchronization/concept.hpp>
#include <parley/synchronization/nonblocking.hpp>

namespace parley {

namespace synchronization {

/// A side as it was written, or a stand-in for what is none, so that the rule about it can speak before anything else
/// fails.
template <class Side>
using side_or_stand_in = typename std::conditional_t<synchronization_side<Side>, std::type_identity<Side>,
                                                     std::type_identity<nonblocking>>::type;

template <class Side>
[[nodiscard]] constexpr bool is_well_formed_side() {
    if constexpr (synchronization_side<Side> && requires { Side::well_formed; }) {
        return Side::well_formed;
    } else {
        return synchronization_side<Side>;
    }
}

}  // namespace synchronization

/// Each side in its own way: `sync<nonblocking, blocking>` is a sender that never waits and a receiver that does.
template <class SenderSide, class ReceiverSide>
struct sync {
    using axis = synchronization_axis;
    using sender_side = synchronization::side_or_stand_in<SenderSide>;
    using receiver_side = synchronization::side_or_stand_in<ReceiverSide>;

    static constexpr bool well_formed =
        synchronization::is_well_formed_side<SenderSide>() && synchronization::is_well_formed_side<ReceiverSide>();
    static constexpr auto name =
        text<std::string_view{sender_side::side_name}.size()>{std::string_view{sender_side::side_name}} + " to " +
        text<std::string_view{receiver_side::side_name}.size()>{std::string_view{receiver_side::side_name}};
};

static_assert(synchronization_word<sync<nonblocking, nonblocking>>);

}  // namespace parley
