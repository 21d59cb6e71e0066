#pragma once

#include <atomic>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <type_traits>

#include <parley/os/cpu.hpp>

/// Which receiver of a mailbox may receive now: the selection of the addressing axis, in shared memory.
///
/// A turnstile is entered before a receiver competes for messages and left after it has received one. `target()` tells
/// a sender whom to wake: a place, or `anybody`. Nothing here waits; whoever is not let in parks like one who finds the
/// ring empty.

namespace parley::transport::memory {

inline constexpr std::size_t anybody = 64;

/// `any`: no turnstile.
struct open_turnstile {
    static constexpr bool selective = false;
    static void join(std::size_t) noexcept {}
    static constexpr bool admits(std::size_t) noexcept { return true; }
    static constexpr bool enter(std::size_t) noexcept { return true; }
    static constexpr bool leave(std::size_t) noexcept { return false; }
    static void depart(std::size_t) noexcept {}
    template <class Alive>
    static constexpr bool resolve(Alive) noexcept {
        return false;
    }
    template <class Alive>
    static constexpr void forget_dead(Alive) noexcept {}
    static constexpr std::size_t target() noexcept { return anybody; }
};

/// `round_robin`: receivers take turns in the order of their places. The turn passes with each message, and past those
/// who left or died.
class turn_turnstile {
public:
    static constexpr bool selective = true;

    /// At the gate.
    void join(std::size_t place) noexcept {
        const auto members = members_.fetch_or(bit(place), std::memory_order_acq_rel) | bit(place);
        auto turn = turn_.load(std::memory_order_acquire);
        if (turn >= 64 || (members & bit(turn)) == 0) {
            turn_.compare_exchange_strong(turn, place, std::memory_order_acq_rel, std::memory_order_relaxed);
        }
    }

    [[nodiscard]] bool admits(std::size_t place) const noexcept {
        return turn_.load(std::memory_order_acquire) == place;
    }
    [[nodiscard]] bool enter(std::size_t place) noexcept { return admits(place); }

    /// Passes the turn on; whether the next receiver may be asleep and must be woken.
    bool leave(std::size_t place) noexcept { return pass(place, members_.load(std::memory_order_relaxed)); }

    /// At the gate.
    void depart(std::size_t place) noexcept {
        pass(place, members_.fetch_and(~bit(place), std::memory_order_acq_rel) & ~bit(place));
    }

    /// Passes the turn of a receiver that is no longer there. Whether it did.
    template <class Alive>
    bool resolve(Alive alive) noexcept {
        const auto turn = turn_.load(std::memory_order_acquire);
        const auto members = members_.load(std::memory_order_relaxed);
        if (turn < 64 && (members & bit(turn)) != 0 && alive(static_cast<std::size_t>(turn))) {
            return false;
        }
        return pass(turn, members & ~dead_of(members, alive));
    }

    /// At the gate: takes the dead out of the round, so that no turn comes to them again.
    template <class Alive>
    void forget_dead(Alive alive) noexcept {
        members_.fetch_and(~dead_of(members_.load(std::memory_order_relaxed), alive), std::memory_order_acq_rel);
    }

    [[nodiscard]] std::size_t target() const noexcept {
        const auto turn = turn_.load(std::memory_order_acquire);
        return turn < 64 ? static_cast<std::size_t>(turn) : anybody;
    }

private:
    static constexpr std::uint64_t bit(std::uint64_t place) noexcept { return std::uint64_t{1} << (place % 64); }

    template <class Alive>
    [[nodiscard]] static std::uint64_t dead_of(std::uint64_t members, Alive alive) noexcept {
        std::uint64_t dead = 0;
        for (auto rest = members; rest != 0; rest &= rest - 1) {
            if (!alive(static_cast<std::size_t>(std::countr_zero(rest)))) {
                dead |= rest & -rest;
            }
        }
        return dead;
    }

    /// From `place` to the next of the members; if nobody else is there, it stays.
    bool pass(std::uint64_t place, std::uint64_t members) noexcept {
        const auto start = static_cast<int>((place + 1) % 64);
        const auto rotated = std::rotr(members, start);
        if (rotated == 0) {
            return false;
        }
        const auto next =
            (static_cast<std::uint64_t>(start) + static_cast<std::uint64_t>(std::countr_zero(rotated))) % 64;
        return turn_.compare_exchange_strong(place, next, std::memory_order_acq_rel, std::memory_order_relaxed);
    }

    alignas(os::cache_line) std::atomic<std::uint64_t> turn_{64};
    std::atomic<std::uint64_t> members_{0};  ///< a bit for each place in the round
};

/// `exclusive`: the first receiver to receive keeps the right to until it leaves or dies; the others stand by.
class single_turnstile {
public:
    static constexpr bool selective = true;

    static void join(std::size_t) noexcept {}

    [[nodiscard]] bool admits(std::size_t place) const noexcept {
        const auto holder = holder_.load(std::memory_order_acquire);
        return holder == free || holder == place;
    }

    [[nodiscard]] bool enter(std::size_t place) noexcept {
        auto holder = holder_.load(std::memory_order_relaxed);
        return holder == place ||
               (holder == free &&
                holder_.compare_exchange_strong(holder, place, std::memory_order_acq_rel, std::memory_order_relaxed));
    }

    static constexpr bool leave(std::size_t) noexcept { return false; }

    void depart(std::size_t place) noexcept {
        auto holder = static_cast<std::uint64_t>(place);
        holder_.compare_exchange_strong(holder, free, std::memory_order_acq_rel, std::memory_order_relaxed);
    }

    template <class Alive>
    static constexpr void forget_dead(Alive) noexcept {}

    template <class Alive>
    bool resolve(Alive alive) noexcept {
        auto holder = holder_.load(std::memory_order_acquire);
        return holder != free && (holder >= 64 || !alive(static_cast<std::size_t>(holder))) &&
               holder_.compare_exchange_strong(holder, free, std::memory_order_acq_rel, std::memory_order_relaxed);
    }

    [[nodiscard]] std::size_t target() const noexcept {
        const auto holder = holder_.load(std::memory_order_acquire);
        return holder < 64 ? static_cast<std::size_t>(holder) : anybody;
    }

private:
    static constexpr std::uint64_t free = 64;
    alignas(os::cache_line) std::atomic<std::uint64_t> holder_{free};
};

/// The turnstile of a selection word.
template <class Selection>
using turnstile_for =
    std::conditional_t<Selection::takes_turns, turn_turnstile,
                       std::conditional_t<Selection::one_at_a_time, single_turnstile, open_turnstile>>;

}  // namespace parley::transport::memory
