#pragma once

#include <string_view>

#include <parley/framing/concept.hpp>

namespace parley {

/// The bytes of the messages alone travel, and the other side may be any program: `cat`, `socat`, a script.
///
/// A message of fixed size is its bytes; a `bytes<Max>` is what it holds, and where the transport keeps no boundaries a
/// receive gives what has arrived, up to `Max`. Nothing tells two programs apart that disagree.
struct raw {
    using axis = framing_axis;
    static constexpr std::string_view name = "raw";
    static constexpr bool foreign = true;
    static constexpr bool implied = false;
};

static_assert(framing_word<raw>);

}  // namespace parley
