#pragma once

#include <cstddef>
#include <type_traits>
#include <utility>

#include <parley/compose/composition.hpp>
#include <parley/compose/facts.hpp>
#include <parley/compose/list.hpp>
#include <parley/compose/rules.hpp>
#include <parley/message/kind.hpp>

namespace parley {

namespace compose {

template <class... Rules>
[[nodiscard]] constexpr bool all_hold(const facts& asked, list<Rules...>) {
    return (Rules::holds(asked) && ...);
}

}  // namespace compose

/// Whether `channel<Message, Policies...>` compiles: every rule holds. Asking is never an error.
template <class Message, class... Policies>
concept composable = compose::all_hold(compose::facts_of<compose::composition<Message, Policies...>>, compose::rules{});

namespace compose {

namespace enforce_detail {

template <class C, class Axis>
using usable_word = typename std::conditional_t<facts_detail::is_well_formed<typename C::template word<Axis>>(),
                                                std::type_identity<typename C::template word<Axis>>,
                                                std::type_identity<typename Axis::template fallback<C>>>::type;

}  // namespace enforce_detail

/// What stands in for a refused composition after the sentence has been said, so that nothing else is said: a message
/// that can travel, the words that shape the interface as they were asked for, and defaults for the others.
template <class C>
struct stand_in {
    using message = std::conditional_t<parley::message::sendable<typename C::message>, typename C::message, std::byte>;
    using addressing = enforce_detail::usable_word<C, addressing_axis>;
    using synchronization = enforce_detail::usable_word<C, synchronization_axis>;
    using on_its_transport =
        composition<message, typename C::template word<transport_axis>, addressing, synchronization>;
    using type = std::conditional_t<all_hold(facts_of<on_its_transport>, rules{}), on_its_transport,
                                    composition<message, addressing, synchronization>>;
};

/// Says the sentence of each rule that the composition breaks. The rules come by their numbers and not by their names,
/// because the compiler prints these arguments right before the sentence.
template <class C, class Numbers>
struct enforcement;

template <class C, std::size_t... Numbers>
struct enforcement<C, std::index_sequence<Numbers...>>
    : std::conditional_t<all_hold(facts_of<C>, rules{}), std::type_identity<C>, stand_in<C>>::type {
    static_assert((sizeof(typename nth<Numbers, rules>::template sentence<C>) + ...) > 0);
};

/// The composition, or a compile error with the sentence of each rule that it breaks.
template <class Message, class... Policies>
using enforce = enforcement<composition<Message, Policies...>, std::make_index_sequence<length<rules>>>;

}  // namespace compose
}  // namespace parley
