#pragma once

#include <atomic>
#include <cerrno>
#include <csignal>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <thread>
#include <utility>

#include <poll.h>
#include <sys/eventfd.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "support/limits.hpp"
#include "support/where.hpp"

namespace parley::test {

/// Ends this process with SIGABRT, after saying where it hangs, unless destroyed within the limit.
///
/// Every TEST_CASE has one already (support/main.cpp). It is a thread, with all signals blocked so that it never takes
/// one that is meant for the test; a forked child does not inherit it, and has its parent's `child::join` to watch it.
/// The constructor returns when the thread has started: a thread that starts allocates, and a fork in that moment would
/// leave the child an allocator that is locked for ever (the one of older AddressSanitizers is not made ready for
/// fork).
class watchdog {
public:
    explicit watchdog(std::string what, duration limit = default_limit)
        : what_(std::move(what)), limit_(scaled(limit)), finished_(::eventfd(0, EFD_CLOEXEC)) {
        ::prctl(PR_SET_PTRACER, PR_SET_PTRACER_ANY);
        sigset_t all;
        sigset_t before;
        sigfillset(&all);
        pthread_sigmask(SIG_SETMASK, &all, &before);
        thread_ = std::thread{[this] {
            up_.store(true, std::memory_order_release);
            up_.notify_one();
            watch();
        }};
        pthread_sigmask(SIG_SETMASK, &before, nullptr);
        up_.wait(false, std::memory_order_acquire);
    }

    watchdog(const watchdog&) = delete;
    watchdog& operator=(const watchdog&) = delete;

    ~watchdog() {
        const std::uint64_t one = 1;
        [[maybe_unused]] const auto written = ::write(finished_, &one, sizeof one);
        thread_.join();
        ::close(finished_);
    }

private:
    // Waits in poll(2) and not on a condition variable: ThreadSanitizer of GCC 12 misunderstands timed waits on those.
    void watch() const {
        ::pollfd finished{.fd = finished_, .events = POLLIN, .revents = 0};
        int ready = 0;
        do {
            ready = ::poll(&finished, 1, static_cast<int>(limit_.count() * 1000.0));
        } while (ready < 0 && errno == EINTR);
        if (ready == 0) {
            std::fprintf(stderr, "\nwatchdog: '%s' has not ended after %g s; process %d stands at:\n", what_.c_str(),
                         limit_.count(), ::getpid());
            std::fflush(stderr);
            say_where(::getpid());
            std::abort();
        }
    }

    std::string what_;
    duration limit_;
    int finished_;
    std::atomic<bool> up_{false};
    std::thread thread_;
};

}  // namespace parley::test
