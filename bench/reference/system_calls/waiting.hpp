#pragma once

#include "../../support/machine.hpp"
#include "descriptor.hpp"

#include <cerrno>
#include <cstdint>

#include <poll.h>

/// The two ways in which a program written by hand waits for the kernel. Each is measured, and the faster is the
/// reference.

namespace bench::reference {

/// Calls that block. The process sleeps in each that has nothing to do.
struct blocking_calls {
    static constexpr bool nonblocking = false;

    template <class Call>
    static auto complete(int, short, const char* name, Call call) {
        for (;;) {
            const auto result = call();
            if (result >= 0) [[likely]] {
                return result;
            }
            if (errno != EINTR) {
                throw_errno(name);
            }
        }
    }
};

/// Calls that do not block, repeated for a while, and then poll(2). A wake-up costs more than most messages take, so
/// that trying on pays for itself where the other side has a core of its own.
struct polling_calls {
    static constexpr bool nonblocking = true;
    static constexpr std::uint64_t spin_ns = 50'000;

    template <class Call>
    static auto complete(int file, short event, const char* name, Call call) {
        std::uint64_t give_up = 0;
        for (;;) {
            const auto result = call();
            if (result >= 0) [[likely]] {
                return result;
            }
            if (errno != EAGAIN && errno != EINTR) {
                throw_errno(name);
            }
            const std::uint64_t now = now_ns();
            if (give_up == 0) {
                give_up = now + spin_ns;
            } else if (now >= give_up) {
                sleep_until(file, event);
                give_up = 0;
            }
        }
    }

private:
    static void sleep_until(int file, short event) {
        ::pollfd watched{file, event, 0};
        if (::poll(&watched, 1, -1) < 0 && errno != EINTR) {
            throw_errno("poll");
        }
    }
};

}  // namespace bench::reference
