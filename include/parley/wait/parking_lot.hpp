#pragma once

#include <algorithm>
#include <array>
#include <atomic>
#include <bit>
#include <chrono>
#include <cstddef>
#include <cstdint>

#include <sched.h>

#include <parley/os/clock.hpp>
#include <parley/os/cpu.hpp>
#include <parley/os/crash_point.hpp>
#include <parley/os/doorbell.hpp>
#include <parley/os/fence.hpp>

/// The parking lot: where the participants of one side of a channel sleep until the other side wakes them.
///
/// Each participant has a berth of its own and a bit in a mask that says "parked". To wake one: clear its bit (whoever
/// clears it does the waking, once), then wake its berth. No data is protected here, only sleep. What a kill leaves:
///   - a parked participant dies: its bit stays until somebody clears it and wakes nobody. Others that should have been
///     woken instead look around by themselves (os::look_around_interval);
///   - a waker dies between clearing a bit and waking: the sleeper looks around by itself;
///   - a waker dies inside the berth: the berth's own business (wait/condvar.hpp).
///
/// A participant that waits elsewhere, in epoll_wait(2) for instance, hangs a bell at its berth (os/doorbell.hpp) and
/// sets its bit when it finds nothing to do; whoever clears the bit rings.
///
/// Lost wakes. A waker publishes, passes a light fence, reads the mask (W). A sleeper sets its bit (S), passes a heavy
/// fence, checks whether there is something to do. One of the two sees the other's store (os/fence.hpp).

namespace parley::waiting {

/// How often a waiter looks before it sleeps: about as long as going to sleep and waking up takes, so that waiting
/// costs at most twice the best choice (competitive spinning; Karlin et al., 1991).
inline constexpr int looks_before_sleep = 300;
/// A pause between two looks takes 60 nanoseconds on one processor and 10 on another. So many looks are to take so long
/// each.
inline constexpr std::chrono::nanoseconds time_of_look{70};

template <class Strategy, std::size_t Berths, template <class> class Atomic = std::atomic>
class parking_lot {
    static_assert(Berths <= 64, "one bit each in one word");

public:
    /// Makes `place` usable for its new holder.
    void occupy(std::size_t place) noexcept {
        if constexpr (Strategy::sleeps) {
            parked_.fetch_and(~bit(place), std::memory_order_relaxed);  // a predecessor's
            berths_[place].bell.store(0, std::memory_order_relaxed);
            berths_[place].occupy();
        }
    }

    /// Waits until woken or `ready()`, at most for `limit`; may return early. `place` must be the caller's.
    template <class Ready>
    void park(std::size_t place, os::clock::duration limit, Ready ready) {
        if constexpr (Strategy::sleeps) {
            parked_.fetch_or(bit(place), std::memory_order_seq_cst);  // S
            PARLEY_CRASH_POINT("parking lot: bit set, not asleep");
            os::heavy_fence();
            if (!ready()) {
                sleep(place, limit);
            }
            PARLEY_CRASH_POINT("parking lot: awake, bit not cleared");
            parked_.fetch_and(~bit(place), std::memory_order_relaxed);  // only says that nobody needs to wake us
        } else {
            const auto until = os::clock::now() + limit;
            do {
                for (int look = 0; look < looks_before_sleep; ++look) {
                    if (ready()) {
                        return;
                    }
                    os::pause();
                }
                ::sched_yield();
            } while (os::clock::now() < until);
        }
    }

    /// Hangs a bell at the caller's own berth.
    void hang_bell(std::size_t place, std::uint64_t number) noexcept requires(Strategy::sleeps) {
        berths_[place].bell.store(number, std::memory_order_relaxed);
    }

    /// Asks for a ring. If there is something to do after this call, nobody may have seen that: look once more.
    void listen_for_bell(std::size_t place) noexcept requires(Strategy::sleeps) {
        parked_.fetch_or(bit(place), std::memory_order_seq_cst);  // S
        os::heavy_fence();
    }

    /// Whether somebody may be parked. After a store that others wait for: `os::light_fence` first.
    [[nodiscard]] bool anybody() const noexcept {
        if constexpr (Strategy::sleeps) {
            return parked_.load(std::memory_order_relaxed) != 0;  // W; ordered by the fences
        } else {
            return false;
        }
    }

    /// Wakes one parked participant, the one at `preferred` if it is parked.
    void wake_one(std::size_t preferred = 0) noexcept {
        if constexpr (Strategy::sleeps) {
            auto parked = parked_.load(std::memory_order_relaxed);
            while (parked != 0) {
                const auto distance =
                    static_cast<std::size_t>(std::countr_zero(std::rotr(parked, static_cast<int>(preferred))));
                if (wake((preferred + distance) % 64)) {
                    return;
                }
                parked = parked_.load(std::memory_order_relaxed);
            }
        }
    }

    /// Wakes the participant at `place` if it is parked; whether it was.
    bool wake(std::size_t place) noexcept {
        if constexpr (Strategy::sleeps) {
            // Release: what the waker published is visible to a sleeper that finds its bit cleared.
            if ((parked_.fetch_and(~bit(place), std::memory_order_acq_rel) & bit(place)) == 0) {
                return false;
            }
            PARLEY_CRASH_POINT("parking lot: bit cleared, not woken");
            if (place < Berths) {
                berths_[place].wake();
                if (const auto bell = berths_[place].bell.load(std::memory_order_relaxed); bell != 0) {
                    os::doorbell::ring(bell);
                }
            }
            return true;
        } else {
            static_cast<void>(place);
            return false;
        }
    }

    void wake_all() noexcept {
        for (std::size_t place = 0; place < Berths; ++place) {
            wake(place);
        }
    }

private:
    /// Until somebody has cleared the bit. Apart from `park`, of which there is one for each kind of wait.
    [[gnu::noinline]] void sleep(std::size_t place, os::clock::duration limit) noexcept {
        berths_[place].sleep(limit, [&] { return (parked_.load(std::memory_order_acquire) & bit(place)) != 0; });
    }

    static constexpr std::uint64_t bit(std::size_t place) noexcept { return std::uint64_t{1} << place; }

    alignas(os::cache_line) Atomic<std::uint64_t> parked_{0};
    struct alignas(os::cache_line) aligned_berth : Strategy::berth {
        // Relaxed: its holder stores it before it sets its bit, and who clears the bit has acquired that.
        Atomic<std::uint64_t> bell{0};
    };
    std::array<aligned_berth, Strategy::sleeps ? Berths : 1> berths_;
};

/// The parking lot of a side that never waits: nothing at all.
struct no_parking {
    static void occupy(std::size_t) noexcept {}
    static constexpr bool anybody() noexcept { return false; }
    static void wake_one(std::size_t = 0) noexcept {}
    static bool wake(std::size_t) noexcept { return false; }
    static void wake_all() noexcept {}
};

/// Waits until `ready()` or the deadline: spins a little, for so many `looks`, then parks in slices. Between slices, at
/// least every `os::look_around_interval`, calls `look_around()`, which may throw to end the wait and may change what
/// `ready` sees. Returns whether `ready()`; sets `slept` if it had to park for that.
template <class Lot, class Ready, class LookAround>
bool wait_until(Lot& lot, std::size_t place, os::deadline until, Ready ready, LookAround look_around, bool& slept,
                int looks = looks_before_sleep) {
    constexpr int without_clock = 32;  // the time is asked for when it is not a matter of a moment any more
    const auto look_on = [&](int count) {
        for (int look = 0; look < count; ++look) {
            if (ready()) {
                return true;
            }
            os::pause();
        }
        return false;
    };
    if (look_on(std::min(looks, without_clock))) {
        return true;
    }
    auto looked = os::clock::now();
    for (const auto sleep_at = looked + looks * time_of_look; looked < sleep_at; looked = os::clock::now()) {
        if (look_on(without_clock)) {
            return true;
        }
    }
    for (;;) {
        if (ready()) {
            return true;
        }
        if (until.passed()) {
            return false;
        }
        slept = true;
        lot.park(place, until.left(os::look_around_interval), ready);
        if (ready()) {
            return true;
        }
        const auto now = os::clock::now();
        if (now - looked >= os::look_around_interval / 2) {
            look_around();
            looked = now;
        }
    }
}

}  // namespace parley::waiting
