#pragma once

#include <atomic>
#include <chrono>
#include <new>
#include <string_view>

// Boost asserts that a wait ends with 0 or ETIMEDOUT. When a waker was killed with the berth's mutex in its hands it
// ends with EOWNERDEAD or ENOTRECOVERABLE, which must not end the sleeper too: the next lock throws, as handled below.
#ifndef BOOST_DISABLE_ASSERTS
#define BOOST_DISABLE_ASSERTS
#define PARLEY_BOOST_ASSERTS_AGAIN
#endif
#include <boost/interprocess/sync/interprocess_condition.hpp>
#include <boost/interprocess/sync/interprocess_mutex.hpp>
#ifdef PARLEY_BOOST_ASSERTS_AGAIN
#undef PARLEY_BOOST_ASSERTS_AGAIN
#undef BOOST_DISABLE_ASSERTS
#include <boost/assert.hpp>
#endif

#include <boost/interprocess/exceptions.hpp>
#include <boost/interprocess/sync/scoped_lock.hpp>

#include <parley/os/clock.hpp>
#include <parley/os/crash_point.hpp>
#include <parley/wait/futex.hpp>

namespace parley {

/// Wait strategy: sleep on Boost.Interprocess's `interprocess_condition`, one for each participant. The default.
///
/// One condition variable shared by all sleepers would be a trap: when a sleeper is killed, glibc before 2.41 hangs the
/// *notifier* in a later notify (boostorg/interprocess issues 109, 163, 200, 226). With a berth each, the only process
/// that sleeps here is the place's holder, and the only state a killed holder leaves behind is its own.
struct condvar {
    static constexpr std::string_view name = "condvar";
    static constexpr bool sleeps = true;

    /// Where one participant sleeps; lies in shared memory.
    class berth {
    public:
        /// Called by a new holder of the place before it can be parked. A predecessor that was killed in its sleep is
        /// still counted in the condition variable, so that is built anew, under the mutex that every waker takes. It
        /// is not destroyed: destroying waits for sleepers, and the dead do not wake.
        void occupy() noexcept {
            try {
                // A waker holds the mutex for a moment. One that stays locked belongs to nobody: in a mapped file, to a
                // process that was there when the power failed.
                lock guard(mutex_, after(std::chrono::seconds(1)));
                if (!guard) {
                    lost_.store(true, std::memory_order_release);
                    return;
                }
                ::new (static_cast<void*>(&condition_)) boost::interprocess::interprocess_condition;
            } catch (const boost::interprocess::interprocess_exception&) {
                lost_.store(true, std::memory_order_release);
            }
        }

        /// Sleeps until `wake`, while `parked()`, at most for `limit`.
        template <class Parked>
        void sleep(os::clock::duration limit, Parked parked) noexcept {
            if (lost_.load(std::memory_order_acquire)) {
                return instead_.sleep(limit, parked);
            }
            try {
                lock guard(mutex_);
                if (parked()) {
                    // Boost waits by the wall clock. Slices are short and the caller keeps the deadline on the steady
                    // clock; if somebody sets the wall clock back during a slice, that slice lasts longer by as much,
                    // unless a wake ends it.
                    condition_.timed_wait(guard, after(limit));
                }
            } catch (const boost::interprocess::interprocess_exception&) {
                lost_.store(true, std::memory_order_release);
            }
        }

        void wake() noexcept {
            if (!lost_.load(std::memory_order_acquire)) {
                try {
                    const lock guard(mutex_);
                    PARLEY_CRASH_POINT("condvar: waker holds the berth's mutex");
                    condition_.notify_one();
                    return;
                } catch (const boost::interprocess::interprocess_exception&) {
                    lost_.store(true, std::memory_order_release);
                }
            }
            instead_.wake();
        }

    private:
        using lock = boost::interprocess::scoped_lock<boost::interprocess::interprocess_mutex>;

        /// In nanoseconds, whatever the clock counts in: of others Boost 1.81 loses the part below a second.
        using wall_time = std::chrono::time_point<std::chrono::system_clock, std::chrono::nanoseconds>;

        [[nodiscard]] static wall_time after(os::clock::duration limit) noexcept {
            return std::chrono::system_clock::now() + limit;
        }

        boost::interprocess::interprocess_mutex mutex_;
        boost::interprocess::interprocess_condition condition_;

        /// A process killed while it held the mutex leaves it not recoverable: Boost makes it robust, and gives it up
        /// when its owner died. Whoever finds that out says so here, and the berth goes on with a futex.
        std::atomic<bool> lost_{false};
        futex::berth instead_;
    };
};

}  // namespace parley
