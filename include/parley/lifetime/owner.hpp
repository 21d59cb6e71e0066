#pragma once

#include <string_view>

#include <parley/lifetime/concept.hpp>

namespace parley {

/// The channel goes with its owner, also when the owner is killed. The others then get `errc::closed`.
struct owner_lifetime {
    using axis = lifetime_axis;
    static constexpr std::string_view name = "owner_lifetime";
    static constexpr lifetime::end until = lifetime::end::owner;
};

static_assert(lifetime_word<owner_lifetime>);

}  // namespace parley
