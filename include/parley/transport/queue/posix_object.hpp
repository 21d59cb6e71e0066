#pragma once

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <utility>

#include <mqueue.h>
#include <sys/stat.h>

#include <parley/os/crash_point.hpp>
#include <parley/os/descriptor.hpp>
#include <parley/os/error.hpp>
#include <parley/os/limit_text.hpp>
#include <parley/os/poll.hpp>
#include <parley/transport/queue/object.hpp>
#include <parley/transport/queue/units.hpp>

namespace parley::transport::queue {

/// A POSIX message queue (mq_overview(7)). On Linux its descriptor is one of a file, so poll(2) and fchmod(2) know it.
class posix_object {
public:
    static constexpr std::size_t unit = 8192;  ///< what the kernel gives to everybody (fs.mqueue.msgsize_default)
    static constexpr bool padded = false;
    static constexpr bool gathers = false;
    static constexpr bool pollable = true;

    /// Of messages: the ten units that everybody may have.
    template <class Message>
    static constexpr std::size_t natural_capacity = std::max<std::size_t>(1, 10 / units_of<Message, posix_object>);

    [[nodiscard]] static posix_object make(const std::string& name, const shape& as, record&) {
        ::mq_unlink(name.c_str());
        ::mq_attr wanted{};
        wanted.mq_maxmsg = static_cast<long>(as.units);
        wanted.mq_msgsize = static_cast<long>(as.unit);
        posix_object made{os::descriptor{
            ::mq_open(name.c_str(), O_RDWR | O_NONBLOCK | O_CREAT | O_EXCL, as.permissions & 0777, &wanted)}};
        if (!made.queue_) {
            refuse(errno, name, as);
        }
        PARLEY_CRASH_POINT("queue object: POSIX queue made, permissions not set");
        if (::fchmod(made.queue_.get(), as.permissions) != 0) {  // what was asked for, whatever the umask
            os::throw_system(errno, "setting the permissions of mqueue " + name);
        }
        return made;
    }

    [[nodiscard]] static posix_object open(const std::string& name, const shape& as, record&) {
        posix_object opened{os::descriptor{::mq_open(name.c_str(), O_RDWR | O_NONBLOCK)}};
        if (!opened.queue_) {
            refuse(errno, name, as);
        }
        return opened;
    }

    static void remove(const std::string& name, record&) noexcept { ::mq_unlink(name.c_str()); }

    [[nodiscard]] bool put(std::span<const std::byte> content) {
        const int result = os::uninterrupted(
            [&] { return ::mq_send(queue_.get(), reinterpret_cast<const char*>(content.data()), content.size(), 0); });
        if (result == 0) [[likely]] {
            return true;
        }
        if (errno == EAGAIN) {
            return false;
        }
        os::throw_system(errno, "sending " + std::to_string(content.size()) + " bytes to a POSIX message queue");
    }

    [[nodiscard]] std::optional<std::size_t> get(std::span<std::byte> room) {
        const auto size = os::uninterrupted(
            [&] { return ::mq_receive(queue_.get(), reinterpret_cast<char*>(room.data()), room.size(), nullptr); });
        if (size >= 0) [[likely]] {
            return static_cast<std::size_t>(size);
        }
        if (errno == EAGAIN) {
            return std::nullopt;
        }
        os::throw_system(errno, "receiving from a POSIX message queue");
    }

    [[nodiscard]] int handle() const noexcept { return queue_.get(); }
    [[nodiscard]] bool readable() const noexcept { return os::is_ready(queue_.get(), POLLIN); }
    [[nodiscard]] bool writable() const noexcept { return os::is_ready(queue_.get(), POLLOUT); }

    /// Of a queue that was opened elsewhere, without waiting (O_NONBLOCK).
    explicit posix_object(os::descriptor&& opened) noexcept : queue_(std::move(opened)) {}

    /// Throws what it means that a queue could not be opened or made.
    [[noreturn]] static void refuse(int reason, const std::string& name, const shape& as) {
        const auto what = "mqueue " + name + ": " + std::to_string(as.units) + " messages of " +
                          std::to_string(as.unit) + " bytes asked (" + std::string(as.composed) + ")";
        switch (reason) {
            case EINVAL:
                throw_error(errc::no_space,
                            what + ", " + os::limit("/proc/sys/fs/mqueue/msg_max") + " messages and " +
                                os::limit("/proc/sys/fs/mqueue/msgsize_max") +
                                " bytes; raise them (sysctl fs.mqueue.msg_max, fs.mqueue.msgsize_max), or write a "
                                "smaller bounded<N> or message");
            case EMFILE:
            case ENOMEM:
                throw_error(errc::no_space,
                            what +
                                ", and the bytes of this user's queues, RLIMIT_MSGQUEUE, or the open files are used "
                                "up; raise the limit (ulimit -q, ulimit -n), or remove queues or write a smaller "
                                "bounded<N>");
            case ENOSPC:
                throw_error(errc::no_space, what + ", " + os::limit("/proc/sys/fs/mqueue/queues_max") +
                                                " queues; raise it (sysctl fs.mqueue.queues_max), or remove some");
            case ENOENT:
                throw_error(errc::closed, "mqueue " + name + " is gone: somebody took it away (mq_unlink)");
            case ENOSYS:
                throw_error(errc::unsupported, "this kernel has no POSIX message queues (CONFIG_POSIX_MQUEUE)");
            default:
                os::throw_system(reason, "opening mqueue " + name);
        }
    }

private:
    os::descriptor queue_;
};

static_assert(queue_object<posix_object>);

}  // namespace parley::transport::queue
