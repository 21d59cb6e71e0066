#pragma once

#include <cerrno>
#include <concepts>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <iostream>
#include <string>
#include <system_error>
#include <utility>

#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "support/eventually.hpp"
#include "support/limits.hpp"
#include "support/shared.hpp"
#include "support/unique_name.hpp"
#include "support/watchdog.hpp"
#include "support/where.hpp"

/// A check inside a `child`, where an assertion of Catch2 would be lost: says where it failed and ends the child
/// with 1.
#define PARLEY_CHECK_IN_CHILD(...)                                           \
    do {                                                                     \
        if (!static_cast<bool>(__VA_ARGS__)) {                               \
            ::parley::test::fail_in_child(__FILE__, __LINE__, #__VA_ARGS__); \
        }                                                                    \
    } while (false)

namespace parley::test {

[[noreturn]] inline void fail_in_child(const char* file, int line, const char* condition) {
    std::fprintf(stderr, "%s:%d: in child %d: failed: %s\n", file, line, ::getpid(), condition);
    std::fflush(nullptr);
    ::_exit(1);
}

/// Inside a child: it stays when the thread that started it ends, which otherwise kills it.
inline void outlive_parent() { ::prctl(PR_SET_PDEATHSIG, 0); }

/// A forked process that runs a callable. It ends with 0 when the callable returns and with 1 when it throws (what it
/// threw is printed), always by `_exit`: nothing of the parent is destroyed or flushed a second time.
///
/// The child is killed when the thread that started it ends, and when this object is destroyed. Not to be shared
/// between threads.
class child {
public:
    /// What `join` returns for a child that had to be ended, as timeout(1) does.
    static constexpr int timed_out = 124;

    /// `limit`: how long `join` waits before the child counts as hanging.
    template <class Body>
    child(std::string name, Body body, duration limit = default_limit) : name_(std::move(name)), limit_(limit) {
        start(body);
    }

    template <class Body>
        requires std::invocable<Body&>
    explicit child(Body body, duration limit = default_limit) : child("child", std::move(body), limit) {}

    child(child&& other) noexcept
        : name_(std::move(other.name_)),
          limit_(other.limit_),
          pid_(std::exchange(other.pid_, 0)),
          ended_(other.ended_),
          stopped_(other.stopped_),
          status_(other.status_) {}
    child& operator=(child&&) = delete;

    ~child() {
        if (pid_ > 0) {
            kill9();
        }
    }

    [[nodiscard]] pid_t pid() const noexcept { return pid_; }
    [[nodiscard]] const std::string& name() const noexcept { return name_; }

    /// Whether the child has not ended; never waits.
    [[nodiscard]] bool running() { return !ended_ && !reap(WNOHANG); }

    void signal(int number) const {
        if (!ended_) {
            ::kill(pid_, number);
        }
    }

    /// Kills the child with SIGKILL and waits until nothing of it is left. Returns its exit status.
    int kill9() {
        signal(SIGKILL);
        reap(0);
        return exit_status();
    }

    /// Stops the child with SIGSTOP, and returns when it stands still or has ended.
    void stop() { change(SIGSTOP, WSTOPPED, true); }

    /// Lets a stopped child go on, and returns when it does.
    void resume() { change(SIGCONT, WCONTINUED, false); }

    /// Waits for the end. Returns the exit code, 128 plus the number of the signal that ended it, or `timed_out`: then
    /// where it hung stands on standard error.
    int join() {
        if (!ended_ && !ends_within(pid_, scaled(limit_))) {
            std::fprintf(stderr, "\nchild '%s' has not ended after %g s; process %d stands at:\n", name_.c_str(),
                         scaled(limit_).count(), pid_);
            std::fflush(stderr);
            say_where(pid_);
            kill9();
            return timed_out;
        }
        reap(0);
        return exit_status();
    }

    /// Waits for the end; whether the child's body returned. Says why not.
    [[nodiscard]] bool join_ok() {
        const int status = join();
        if (status != 0) {
            std::fprintf(stderr, "child '%s' (%d) ended with %d\n", name_.c_str(), pid_, status);
        }
        return status == 0;
    }

private:
    template <class Body>
    void start(Body& body) {
        std::fflush(nullptr);
        std::cout.flush();
        const pid_t parent = ::getpid();
        pid_ = ::fork();
        if (pid_ < 0) {
            throw std::system_error{errno, std::generic_category(), "fork"};
        }
        if (pid_ == 0) {
            ::prctl(PR_SET_PTRACER, PR_SET_PTRACER_ANY);
            ::prctl(PR_SET_PDEATHSIG, SIGKILL);
            if (::getppid() != parent) {  // it ended before it was asked to be watched
                ::_exit(1);
            }
            run(body);
        }
    }

    template <class Body>
    [[noreturn]] void run(Body& body) noexcept {
        int status = 1;
        try {
            body();
            status = 0;
        } catch (const std::exception& thrown) {
            std::fprintf(stderr, "child '%s' (%d) threw: %s\n", name_.c_str(), ::getpid(), thrown.what());
        } catch (...) {
            std::fprintf(stderr, "child '%s' (%d) threw something that is no std::exception\n", name_.c_str(),
                         ::getpid());
        }
        std::fflush(nullptr);
        ::_exit(status);
    }

    // True when the end has been seen, now or before.
    bool reap(int options) {
        while (!ended_) {
            int status = 0;
            const pid_t changed = ::waitpid(pid_, &status, options);
            if (changed == pid_) {
                ended_ = true;
                status_ = status;
            } else if (changed == 0) {
                return false;
            } else if (errno != EINTR) {  // somebody else has waited for it
                ended_ = true;
                status_ = 1 << 8;
            }
        }
        return true;
    }

    void change(int number, int awaited, bool stopped) {
        if (ended_ || stopped_ == stopped) {
            return;
        }
        stopped_ = stopped;
        ::kill(pid_, number);
        siginfo_t info{};
        ::waitid(P_PID, static_cast<id_t>(pid_), &info, awaited | WEXITED | WNOWAIT);
        if (info.si_code == CLD_STOPPED || info.si_code == CLD_CONTINUED) {  // an end is left for `reap`
            ::waitid(P_PID, static_cast<id_t>(pid_), &info, awaited | WNOHANG);
        }
    }

    [[nodiscard]] int exit_status() const noexcept {
        return WIFEXITED(status_) ? WEXITSTATUS(status_) : 128 + WTERMSIG(status_);
    }

    std::string name_;
    duration limit_;
    pid_t pid_ = 0;
    bool ended_ = false;
    bool stopped_ = false;
    int status_ = 0;
};

}  // namespace parley::test
