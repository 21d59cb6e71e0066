#pragma once

#include <cerrno>
#include <ctime>

#include <pthread.h>
#include <signal.h>

namespace parley::os {

/// For a scope in which this thread may write to a pipe or socket that nobody reads: the SIGPIPE of that never reaches
/// the program. One that was pending before stays pending.
class without_sigpipe {
public:
    without_sigpipe() noexcept {
        ::sigemptyset(&only_);
        ::sigaddset(&only_, SIGPIPE);
        ::pthread_sigmask(SIG_BLOCK, &only_, &before_);
    }
    without_sigpipe(const without_sigpipe&) = delete;
    without_sigpipe& operator=(const without_sigpipe&) = delete;

    ~without_sigpipe() {
        const int kept = errno;
        if (raised_ && !was_pending_) {
            constexpr ::timespec at_once{};
            while (::sigtimedwait(&only_, nullptr, &at_once) < 0 && errno == EINTR) {
            }
        }
        ::pthread_sigmask(SIG_SETMASK, &before_, nullptr);
        errno = kept;
    }

    /// Runs a system call that fails with EPIPE where nobody reads.
    template <class Call>
    [[nodiscard]] auto run(Call call) noexcept {
        // A signal can only wait where it was blocked before.
        if (::sigismember(&before_, SIGPIPE) == 1) {
            ::sigset_t pending;
            ::sigpending(&pending);
            was_pending_ = ::sigismember(&pending, SIGPIPE) == 1;
        }
        const auto result = call();
        raised_ = result < 0 && errno == EPIPE;
        return result;
    }

private:
    ::sigset_t only_{};
    ::sigset_t before_{};
    bool raised_ = false;
    bool was_pending_ = false;
};

}  // namespace parley::os
