#pragma once

#include <cstddef>
#include <cstdint>

/// What the rings have in common: tickets and claims.
///
/// Every message of a ring gets a ticket, 0, 1, 2 and so on, for as long as the ring exists. 2^62 of them last longer
/// than a hundred years at a billion messages per second, so no ticket ever comes again and a compare-and-swap on a
/// number made of one cannot confuse two (no ABA).

namespace parley::ring {

/// The number in a slot says whose turn it is there. Unlike in Vyukov's ring, where "published at t" and "free for
/// t + 1" are the same number, the states are told apart by bits of their own, so that one slot is enough for a ring.
namespace slot_state {

[[nodiscard]] constexpr std::uint64_t free_for(std::uint64_t ticket) noexcept { return ticket << 2; }
[[nodiscard]] constexpr std::uint64_t published(std::uint64_t ticket) noexcept { return (ticket << 2) | 1; }
[[nodiscard]] constexpr std::uint64_t voided(std::uint64_t ticket) noexcept { return (ticket << 2) | 2; }
[[nodiscard]] constexpr std::uint64_t consumed(std::uint64_t ticket) noexcept { return (ticket << 2) | 3; }

}  // namespace slot_state

/// A number that is no ticket.
inline constexpr std::uint64_t no_ticket = ~std::uint64_t{0};

/// The tickets [first, first + count) that one participant has won: it alone writes, or reads, their slots.
struct claim {
    std::uint64_t first = 0;
    std::size_t count = 0;
};

/// What became of an attempt to win tickets.
enum class attempt {
    won,
    blocked,  ///< the ring is full, for a sender, or empty, for a receiver
    stalled,  ///< another participant has claimed what stands in the way, and has not finished; it may be dead
};

}  // namespace parley::ring
