#pragma once

#include "die_doing.hpp"
#include "session.hpp"

/// A channel with a pool so small that each of its blocks can be counted.

namespace parley::test {

/// Four blocks, and room for all of them in the link.
inline constexpr std::size_t blocks = 4;
template <class... Words>
using four = channel<letter, map, bounded<64>, Words...>;
template <class C>
inline constexpr options four_blocks{.pool_size = blocks * payload::pool_of<C>::classes::largest};

/// Sends what there are blocks for; how many there are.
template <class Sender>
[[nodiscard]] std::size_t send_all(Sender&& out) {
    std::size_t sent = 0;
    while (out.try_send(letter::make(letter::survivor, 0))) {
        ++sent;
    }
    return sent;
}

}  // namespace parley::test
