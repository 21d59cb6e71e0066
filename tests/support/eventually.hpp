#pragma once

#include <chrono>
#include <ctime>

#include <sched.h>

#include "support/limits.hpp"

namespace parley::test {

/// Asks `condition` again and again until it holds; false if it never does within the limit. The limit ends a hang: a
/// test that passes does not wait for it.
template <class Condition>
[[nodiscard]] bool eventually(Condition&& condition, duration limit = default_limit) {
    const auto until = std::chrono::steady_clock::now() + scaled(limit);
    for (unsigned round = 0; !condition(); ++round) {
        if (std::chrono::steady_clock::now() >= until) {
            return condition();
        }
        if (round < 100) {
            ::sched_yield();
        } else {
            const ::timespec pause{.tv_sec = 0, .tv_nsec = 100'000};
            ::nanosleep(&pause, nullptr);
        }
    }
    return true;
}

}  // namespace parley::test
