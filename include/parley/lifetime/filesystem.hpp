#pragma once

#include <string_view>

#include <parley/lifetime/concept.hpp>

namespace parley {

/// The channel is a file: it stays until somebody removes it, a reboot included.
struct filesystem_lifetime {
    using axis = lifetime_axis;
    static constexpr std::string_view name = "filesystem_lifetime";
    static constexpr lifetime::end until = lifetime::end::removal;
};

static_assert(lifetime_word<filesystem_lifetime>);

}  // namespace parley
