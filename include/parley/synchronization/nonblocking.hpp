#pragma once

#include <string_view>

#include <parley/synchronization/concept.hpp>

namespace parley {

/// A side that never waits: a send says whether the message was accepted, a receive gives a message or none. It
/// compiles no waiting machinery at all. As a word of its own it stands for both sides.
struct nonblocking {
    using axis = synchronization_axis;
    using sender_side = nonblocking;
    using receiver_side = nonblocking;
    using strategy = void;

    static constexpr bool waits = false;
    static constexpr bool well_formed = true;
    static constexpr std::string_view side_name = "nonblocking";
    static constexpr std::string_view name = "nonblocking to nonblocking";
};

static_assert(synchronization_word<nonblocking>);

}  // namespace parley
