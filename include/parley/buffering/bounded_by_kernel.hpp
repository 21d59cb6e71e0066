#pragma once

#include <string_view>

#include <parley/buffering/concept.hpp>

namespace parley {

/// As much as the kernel's own buffer holds, in its own measure (bytes, pages, packets): no more is asked of the
/// transport than it does by itself, and nothing travels but the messages. A sender that meets the bound waits or is
/// refused, as with `bounded<N>`; how many messages that are, the kernel decides.
struct bounded_by_kernel {
    using axis = buffering_axis;
    static constexpr std::string_view name = "bounded_by_kernel";
    static constexpr std::size_t capacity = buffering::as_the_kernel_says;
    static constexpr bool rendezvous = false;
};

static_assert(buffering_word<bounded_by_kernel>);

}  // namespace parley
