#pragma once

#include <poll.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <unistd.h>

#include <parley/os/descriptor.hpp>
#include <parley/os/poll.hpp>

namespace parley::os {

/// A process by its number, held so that nobody who gets the number later is taken for it (pidfd_open(2)). Needs no
/// permission over the process.
class process_hold {
public:
    process_hold() noexcept = default;
    explicit process_hold(::pid_t number) noexcept
        : number_(number), file_(static_cast<int>(::syscall(SYS_pidfd_open, number, 0))) {}

    [[nodiscard]] ::pid_t number() const noexcept { return number_; }
    /// Whether there was such a process.
    [[nodiscard]] explicit operator bool() const noexcept { return static_cast<bool>(file_); }
    /// Whether it has ended since, in any way, waited for or not.
    [[nodiscard]] bool ended() const noexcept { return file_ && is_ready(file_.get(), POLLIN); }

private:
    ::pid_t number_ = 0;
    descriptor file_;
};

}  // namespace parley::os
