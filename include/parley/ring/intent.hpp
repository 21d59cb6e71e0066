#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>

#include <parley/os/cpu.hpp>
#include <parley/ring/ticket.hpp>

namespace parley::ring {

/// What each participant of one side of a ring is after: the record by which survivors tell a slow process from a dead
/// one.
///
/// Before a participant competes for tickets it writes down which, and it wipes that out after it has finished with
/// them (or lost them). So for a ticket that has been won and not finished with:
///
///   *if no live participant's intent covers it, its winner is dead.*
///
/// For a live winner's intent is visible to everyone who knows that the ticket was won: it was stored before the
/// compare-and-swap that won (release, I1), and the reader has seen the counter beyond the ticket (acquire, I2).
/// A loser's stale intent may delay that conclusion until the loser's next step; it cannot falsify it. Intents of the
/// dead prove nothing and are not needed, so a dead participant's place can be taken over at once.
template <std::size_t Places, template <class> class Atomic>
class intent_table {
public:
    /// To be called by a new holder of `place` before it competes for the first time.
    void occupy(std::size_t place) noexcept {
        lines_[place].first.store(no_ticket, std::memory_order_release);
        auto used = used_.load(std::memory_order_relaxed);
        while (used <= place && !used_.compare_exchange_weak(used, static_cast<std::uint32_t>(place + 1),
                                                             std::memory_order_release, std::memory_order_relaxed)) {
        }
    }

    /// Release, both: whoever sees any part of a later intent sees the slots of the earlier one finished.
    void declare(std::size_t place, std::uint64_t first, std::size_t count) noexcept {
        auto& line = lines_[place];
        line.count.store(count, std::memory_order_release);
        line.first.store(first, std::memory_order_release);
    }

    /// Release: whoever sees the intent gone sees the slot finished.
    void clear(std::size_t place) noexcept { lines_[place].first.store(no_ticket, std::memory_order_release); }

    /// Whether a participant for which `alive(place)` may still be at work on `ticket`.
    template <class Alive>
    [[nodiscard]] bool covered(std::uint64_t ticket, Alive alive) const {
        return any(
            [&](std::size_t place, const claim& held) { return ticket - held.first < held.count && alive(place); });
    }

    /// What `place` has declared; a claim on `no_ticket` if nothing. The two halves may be of different intents: then
    /// the first of these has been finished with, or was never won.
    [[nodiscard]] claim at(std::size_t place) const noexcept {
        const auto& line = lines_[place];
        const auto first = line.first.load(std::memory_order_acquire);
        return {first, static_cast<std::size_t>(line.count.load(std::memory_order_acquire))};
    }

    /// Whether `test(place, claim)` holds for any declared intent.
    template <class Test>
    [[nodiscard]] bool any(Test test) const {
        std::size_t used = used_.load(std::memory_order_acquire);
        used = used < Places ? used : Places;  // a hostile peer may have written anything
        for (std::size_t place = 0; place < used; ++place) {
            const auto held = at(place);
            if (held.first != no_ticket && test(place, held)) {
                return true;
            }
        }
        return false;
    }

private:
    struct alignas(os::cache_line) record {  // one each: a participant writes its own at every operation
        Atomic<std::uint64_t> first{no_ticket};
        Atomic<std::uint64_t> count{1};
    };
    alignas(os::cache_line) Atomic<std::uint32_t> used_{0};  ///< places at and beyond this were never occupied
    std::array<record, Places> lines_;
};

}  // namespace parley::ring
