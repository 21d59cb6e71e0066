#pragma once

#include <string_view>

#include <parley/framing/concept.hpp>

namespace parley {

/// Messages travel with what parley needs to keep its word: over a kernel transport the header of message/frame.hpp,
/// and beside the messages what says who is there, who takes how much, and who has gone. Both sides are parley's.
struct framed {
    using axis = framing_axis;
    static constexpr std::string_view name = "framed";
    static constexpr bool foreign = false;
    static constexpr bool implied = true;
};

static_assert(framing_word<framed>);

}  // namespace parley
