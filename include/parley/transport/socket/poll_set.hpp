#pragma once

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <cstddef>
#include <cstdint>

#include <poll.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <parley/os/clock.hpp>
#include <parley/os/descriptor.hpp>
#include <parley/os/error.hpp>
#include <parley/transport/socket/patience.hpp>

namespace parley::transport::socket {

/// Descriptors that are waited on together (epoll(7)), each with a tag, and a bell that makes the whole readable
/// without any of them.
class poll_set {
public:
    using events_type = std::array<::epoll_event, 32>;

    poll_set() : events_(::epoll_create1(EPOLL_CLOEXEC)) {
        if (!events_) {
            os::throw_system(errno, "making a descriptor to wait on", "raise the limit of open files (ulimit -n)");
        }
    }

    [[nodiscard]] int descriptor() const noexcept { return events_.get(); }

    /// Whether `descriptor` is watched from now on.
    bool watch(int descriptor, void* tag) noexcept {
        ::epoll_event event{};
        event.events = EPOLLIN | EPOLLRDHUP;
        event.data.ptr = tag;
        return ::epoll_ctl(events_.get(), EPOLL_CTL_ADD, descriptor, &event) == 0;
    }

    /// To be called before a watched descriptor is closed: a child may have inherited what it stands for.
    void ignore(int descriptor) noexcept { ::epoll_ctl(events_.get(), EPOLL_CTL_DEL, descriptor, nullptr); }

    /// How many of `events` have come, waiting at most so long for the first.
    [[nodiscard]] std::size_t wait(events_type& events, os::clock::duration longest) noexcept {
        // epoll_wait(2) counts in milliseconds; what is finer is for poll(2).
        constexpr auto coarse = std::chrono::milliseconds(10);
        if (longest > os::clock::duration::zero() && longest < coarse) {
            sleep_on(events_.get(), POLLIN, os::deadline::after(longest));
            longest = os::clock::duration::zero();
        }
        const int count = ::epoll_wait(events_.get(), events.data(), static_cast<int>(events.size()),
                                       static_cast<int>(longest / std::chrono::milliseconds(1)));
        return static_cast<std::size_t>(std::max(count, 0));
    }

    /// From now on there is a bell, with the address of this object as its tag.
    void hang_bell() {
        if (!bell_) {
            bell_ = os::descriptor{::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)};
            if (!bell_ || !watch(bell_.get(), this)) {
                os::throw_system(errno, "making a descriptor to wait on", "raise the limit of open files (ulimit -n)");
            }
        }
    }
    [[nodiscard]] bool has_bell() const noexcept { return static_cast<bool>(bell_); }
    /// Before a wait for the others: the bell is not to end it.
    void silence() noexcept { ring(false); }

    /// Whether the bell rings until it is told not to.
    void ring(bool on) noexcept {
        if (on == is_rung_) {
            return;
        }
        is_rung_ = on;
        std::uint64_t number = 1;
        if (on) {
            static_cast<void>(!::write(bell_.get(), &number, sizeof number));
        } else {
            static_cast<void>(!::read(bell_.get(), &number, sizeof number));
        }
    }

private:
    os::descriptor events_;
    os::descriptor bell_;
    bool is_rung_ = false;
};

}  // namespace parley::transport::socket
