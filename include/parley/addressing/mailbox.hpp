#pragma once

#include <cstddef>
#include <type_traits>

#include <parley/addressing/concept.hpp>
#include <parley/addressing/delivery.hpp>
#include <parley/addressing/selection.hpp>
#include <parley/message/text.hpp>

namespace parley {

/// A mailbox: any number of senders and receivers, and each message goes to exactly one receiver.
///
/// Write it as `mailbox`, or as `mailbox_by<...>` to say more.
template <class Selection, class Delivery>
struct basic_mailbox {
    using axis = addressing_axis;
    using selection = Selection;
    using delivery = Delivery;

    static constexpr bool many_senders = true;
    static constexpr bool many_receivers = true;
    static constexpr bool owned = false;
    static constexpr bool pairwise = false;
    static constexpr bool well_formed = true;
    static constexpr auto name = "mailbox<" + name_of<Selection> + ", " + name_of<Delivery> + ">";
};

/// What `mailbox_by` yields for arguments that contradict each other or do not belong there. A rule refuses it with a
/// sentence; until then it is an ordinary mailbox, so that nothing else breaks on the way.
template <class... Arguments>
struct ill_formed_mailbox : basic_mailbox<any, at_most_once> {
    static constexpr bool well_formed = false;
};

namespace addressing {

/// Takes the arguments of `mailbox_by` one by one into their places. Only for arguments that are well formed.
template <class Selection, class Delivery, class... Arguments>
struct assemble {
    using type = basic_mailbox<Selection, Delivery>;
};

template <class Selection, class Delivery, selection_word First, class... Rest>
struct assemble<Selection, Delivery, First, Rest...> : assemble<First, Delivery, Rest...> {};

template <class Selection, class Delivery, delivery_word First, class... Rest>
struct assemble<Selection, Delivery, First, Rest...> : assemble<Selection, First, Rest...> {};

template <class... Arguments>
struct mailbox_by {
    static constexpr std::size_t selections = (std::size_t{selection_word<Arguments>} + ... + 0);
    static constexpr std::size_t deliveries = (std::size_t{delivery_word<Arguments>} + ... + 0);

    // Lazy: an ill-formed list is never assembled.
    static constexpr auto choose() {
        if constexpr (selections <= 1 && deliveries <= 1 && selections + deliveries == sizeof...(Arguments)) {
            return assemble<any, at_most_once, Arguments...>{};
        } else {
            return std::type_identity<ill_formed_mailbox<Arguments...>>{};
        }
    }

    using type = typename decltype(choose())::type;
};

}  // namespace addressing

/// A mailbox with a selection (`any`, `round_robin`, `exclusive`) and a delivery (`at_most_once`, `at_least_once`), at
/// most one of each, in any order: `mailbox_by<round_robin>`, `mailbox_by<at_least_once, exclusive>`.
template <class... Arguments>
using mailbox_by = typename addressing::mailbox_by<Arguments...>::type;

/// The mailbox in which whoever comes first takes the next message, and a message dies with its receiver.
using mailbox = mailbox_by<>;

static_assert(addressing_word<mailbox>);

}  // namespace parley
