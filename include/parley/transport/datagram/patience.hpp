#pragma once

#include <sched.h>

#include <parley/os/clock.hpp>
#include <parley/os/cpu.hpp>
#include <parley/os/poll.hpp>
#include <parley/synchronization/concept.hpp>

namespace parley::transport::datagram {

/// Each attempt takes a lock that the other side needs to do what is waited for, and the kernel notes who was refused a
/// send, and tells him later. So a sender leaves its receiver the time for some messages, and a receiver its sender a
/// moment.
inline constexpr unsigned between_sends = 48;
inline constexpr unsigned between_receives = 3;

/// How one call waits between two attempts: it tries again at once for a little while, then sleeps in poll(2), in
/// slices of at most `os::look_around_interval`. A side that is `blocking_on<spin>` never sleeps.
template <class Side>
class patience {
public:
    /// `gap`: how many pauses there are between attempts as long as it does not sleep.
    patience(os::deadline until, unsigned gap) noexcept : until_(until), gap_(gap) {}

    /// Whether its deadline has passed: it waits no more.
    [[nodiscard]] bool is_over() const noexcept { return until_.passed(); }

    /// Waits until `events` show on `descriptor` or `slice` has passed, perhaps less. Calls `look_around()` when that
    /// is due. False when the deadline has passed.
    template <class LookAround>
    [[nodiscard]] bool wait(int descriptor, short events, os::clock::duration slice, LookAround look_around) {
        if (until_.passed()) {
            return false;
        }
        auto now = os::clock::now();
        if (began_ == os::clock::time_point{}) {
            began_ = looked_ = now;
        }
        if (now - began_ < eager) {
            for (unsigned pauses = 0; pauses < gap_; ++pauses) {
                os::pause();
            }
        } else {
            if constexpr (sleeps()) {
                static_cast<void>(os::poll_for(descriptor, events, until_.left(slice)));
            } else {
                ::sched_yield();
            }
            now = os::clock::now();
        }
        if (now - looked_ >= os::look_around_interval / 2) {
            looked_ = now;
            look_around();
        }
        return true;
    }

private:
    /// About as long as it takes to fall asleep and to wake up (competitive spinning; Karlin et al., 1991).
    static constexpr os::clock::duration eager = std::chrono::microseconds(50);

    [[nodiscard]] static constexpr bool sleeps() {
        if constexpr (Side::waits) {
            return Side::strategy::sleeps;
        } else {
            return true;
        }
    }

    os::deadline until_;
    unsigned gap_;
    os::clock::time_point began_{};
    os::clock::time_point looked_{};
};

}  // namespace parley::transport::datagram
