#pragma once

#include <atomic>
#include <cstdint>
#include <string_view>

#include <parley/os/clock.hpp>
#include <parley/os/futex.hpp>

namespace parley {

/// Wait strategy: sleep on a futex word (futex(2)), one for each participant.
struct futex {
    static constexpr std::string_view name = "futex";
    static constexpr bool sleeps = true;

    /// Where one participant sleeps; lies in shared memory.
    class berth {
    public:
        /// Called by a new holder of the place before it can be parked. A futex word has no state to repair.
        void occupy() noexcept {}

        /// Sleeps until `wake`, while `parked()`, at most for `limit`.
        template <class Parked>
        void sleep(os::clock::duration limit, Parked parked) noexcept {
            // Read before `parked` is asked: a wake in between changes the word, and the kernel refuses the sleep.
            const auto seen = wakes_.load(std::memory_order_acquire);
            if (parked()) {
                os::futex_wait(wakes_, seen, limit);
            }
        }

        void wake() noexcept {
            wakes_.fetch_add(1, std::memory_order_release);
            os::futex_wake(wakes_);
        }

    private:
        std::atomic<std::uint32_t> wakes_{0};
    };
};

}  // namespace parley
