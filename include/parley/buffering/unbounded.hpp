#pragma once

#include <string_view>

#include <parley/buffering/concept.hpp>

namespace parley {

/// The sender never waits: memory is the only limit, and running out of it is `errc::no_space`.
struct unbounded {
    using axis = buffering_axis;
    static constexpr std::string_view name = "unbounded";
    static constexpr std::size_t capacity = buffering::without_limit;
    static constexpr bool rendezvous = false;
};

static_assert(buffering_word<unbounded>);

}  // namespace parley
