#pragma once

#include <parley/buffering/concept.hpp>
#include <parley/message/text.hpp>

namespace parley {

/// With no receiver progress exactly `Capacity` messages are accepted, and the next one waits or is refused.
/// Any number from 1; a rule refuses 0 and says to write `zero`.
template <std::size_t Capacity>
struct bounded {
    using axis = buffering_axis;
    static constexpr auto name = "bounded<" + decimal<Capacity> + ">";
    static constexpr std::size_t capacity = Capacity;
    static constexpr bool rendezvous = false;
};

static_assert(buffering_word<bounded<1>>);

}  // namespace parley
