#pragma once

#include <cerrno>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>

#include <signal.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <unistd.h>

#include <parley/os/descriptor.hpp>
#include <parley/os/error.hpp>
#include <parley/transport/signal/number.hpp>

namespace parley::transport::signal {

/// A process to which signals go. It is held by a descriptor (pidfd_open(2)), not by its number, which the kernel gives
/// to another process some time after it has ended.
class recipient {
public:
    /// The process that has this number now; none if no process has.
    [[nodiscard]] static std::optional<recipient> find(::pid_t process) {
        os::descriptor held{static_cast<int>(::syscall(SYS_pidfd_open, process, 0))};
        if (held) {
            return recipient{std::move(held), process};
        }
        if (errno == ESRCH || errno == EINVAL) {  // no process, or no number of one
            return std::nullopt;
        }
        os::throw_system(errno, "holding process " + std::to_string(process),
                         errno == EMFILE ? "raise the limit of open files (ulimit -n)" : "Linux 5.3 has pidfd_open(2)");
    }

    enum class outcome {
        queued,
        full,  ///< as many signals are pending for this user as may be (RLIMIT_SIGPENDING)
        gone   ///< the process has ended
    };

    /// Puts a signal with a value into the process's queue of signals. Never waits.
    [[nodiscard]] outcome queue(int number, ::sigval value) const {
        ::siginfo_t info{};
        info.si_signo = number;
        info.si_code = SI_QUEUE;
        info.si_pid = self_;
        info.si_uid = user_;
        info.si_value = value;
        if (::syscall(SYS_pidfd_send_signal, held_.get(), number, &info, 0) == 0) [[likely]] {
            return outcome::queued;
        }
        switch (errno) {
            case EAGAIN:
                return outcome::full;
            case ESRCH:
                return outcome::gone;
            case EPERM:
                throw_error(errc::permission_denied,
                            "sending " + text_of(number) + " to process " + std::to_string(process_) +
                                ": it belongs to another user; signals pass between processes of one user");
            default:
                os::throw_system(errno, "sending " + text_of(number) + " to process " + std::to_string(process_));
        }
    }

    /// For poll(2): readable when the process has ended.
    [[nodiscard]] int handle() const noexcept { return held_.get(); }

private:
    recipient(os::descriptor&& held, ::pid_t process) noexcept : held_(std::move(held)), process_(process) {}

    os::descriptor held_;
    ::pid_t process_;
    ::pid_t self_ = ::getpid();  // what the other side is told of who sends
    ::uid_t user_ = ::getuid();
};

/// The PID namespace of this process: a process's number means nothing in another (pid_namespaces(7)).
[[nodiscard]] inline std::uint64_t number_space() noexcept {
    struct ::stat status {};
    return ::stat("/proc/self/ns/pid", &status) == 0 ? static_cast<std::uint64_t>(status.st_ino) : 0;
}

}  // namespace parley::transport::signal
