#pragma once

#include <string_view>

#include <parley/payload/concept.hpp>

namespace parley {

/// The bytes of a message travel. The default.
struct copy {
    using axis = payload_axis;
    static constexpr std::string_view name = "copy";
    static constexpr bool implied = true;
    static constexpr bool stays = false;

    template <class Message>
    using travelling = Message;

    template <class C>
    using sending_end = typename C::transport::template sending_end<C>;
    template <class C>
    using receiving_end = typename C::transport::template receiving_end<C>;
};

}  // namespace parley
