#pragma once

#include <chrono>

#include <sched.h>
#include <sys/types.h>

#include <parley/os/clock.hpp>
#include <parley/os/cpu.hpp>
#include <parley/os/poll.hpp>

/// How calls that wait on sockets spend their time.

namespace parley::transport::socket {

/// How long a side tries again and again before it goes to sleep.
inline constexpr os::clock::duration spinning = std::chrono::microseconds(50);

/// The first part of every wait: tries without sleep. One for each call that waits.
template <class Side>
class patience {
public:
    /// Whether to try again at once. From the end of that time on a side sleeps, or if it never does, looks around
    /// between its tries, and its peers know that it waits.
    [[nodiscard]] bool lasts() noexcept {
        if (tries_ == 0) {
            until_ = os::clock::now() + spinning;
        }
        // Less and less often: each try takes a lock that the other side needs, to do what is waited for.
        ++tries_;
        for (unsigned pauses = 0; pauses < tries_ && pauses < longest_gap; ++pauses) {
            os::pause();
        }
        over_ = os::clock::now() >= until_;
        return !over_;
    }

    /// Whether this try should look at everything that may have happened: the first one, now and then one, and each
    /// after the spinning. The others look only where something is expected, with one system call.
    [[nodiscard]] bool looks_closely() const noexcept { return over_ || tries_ % 16 == 0; }

    /// For a side that never sleeps: now and then another may have the core.
    void offer_core() noexcept {
        if (++tries_ % 64 == 0) {
            ::sched_yield();
        }
    }

private:
    static constexpr unsigned longest_gap = 32;

    os::clock::time_point until_{};
    unsigned tries_ = 0;
    bool over_ = false;
};

/// For the rest of something that has begun: a moment in which the other side, if it runs, goes on.
class brief_patience {
public:
    [[nodiscard]] bool lasts() noexcept {
        const auto now = os::clock::now();
        if (until_ == os::clock::time_point{}) {
            until_ = now + moment;
        }
        for (unsigned pauses = 0; pauses < pauses_between; ++pauses) {
            os::pause();
        }
        return now < until_;
    }

    /// So many bytes have come or gone: the moment begins anew, unless the other side drips.
    void renew(::ssize_t bytes) noexcept {
        if (bytes >= worth_waiting_for) {
            until_ = {};
        }
    }

private:
    static constexpr auto moment = std::chrono::microseconds(20);
    static constexpr unsigned pauses_between = 8;
    static constexpr ::ssize_t worth_waiting_for = 1024;
    os::clock::time_point until_{};
};

/// Ends a series of waits of a hub, however the call ends that has waited.
template <class Hub>
struct finishing {
    Hub& in;
    explicit finishing(Hub& of) noexcept : in(of) {}
    finishing(const finishing&) = delete;
    finishing& operator=(const finishing&) = delete;
    ~finishing() { in.finish(); }
};

/// Says now and then that it is time to look around, however often it is asked.
class occasion {
public:
    [[nodiscard]] bool has_come() noexcept {
        const auto now = os::clock::now();
        if (now < next_) {
            return false;
        }
        next_ = now + os::look_around_interval / 2;
        return true;
    }

private:
    os::clock::time_point next_ = os::clock::now();
};

/// poll(2) on one descriptor, until the deadline or the next look around, whichever comes first.
inline void sleep_on(int descriptor, short events, os::deadline until) noexcept {
    static_cast<void>(os::poll_for(descriptor, events, until.left(os::look_around_interval)));
}

}  // namespace parley::transport::socket
