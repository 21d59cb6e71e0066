#pragma once

#include <string_view>

#include <parley/lifetime/concept.hpp>

namespace parley {

/// The channel stays when no process holds it, and goes when the machine restarts.
struct kernel_lifetime {
    using axis = lifetime_axis;
    static constexpr std::string_view name = "kernel_lifetime";
    static constexpr lifetime::end until = lifetime::end::kernel;
};

static_assert(lifetime_word<kernel_lifetime>);

}  // namespace parley
