#pragma once

#include <string_view>

#include <parley/buffering/concept.hpp>

namespace parley {

/// Rendezvous: nothing is ever in the link unless a receiver has committed to take it.
struct zero {
    using axis = buffering_axis;
    static constexpr std::string_view name = "zero";
    static constexpr std::size_t capacity = 0;
    static constexpr bool rendezvous = true;
};

static_assert(buffering_word<zero>);

}  // namespace parley
