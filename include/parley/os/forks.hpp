#pragma once

#include <atomic>
#include <cstdint>

#include <pthread.h>

/// Tells what came with a fork from what this process has made, at the price of a load: a destructor that runs in a
/// child must not give away what is the parent's. (Asking for the process's number is a system call.)

namespace parley::os {

namespace forks_detail {

inline std::atomic<std::uint32_t> count{0};

inline void in_child() noexcept { count.fetch_add(1, std::memory_order_relaxed); }

}  // namespace forks_detail

/// From now on forks count. (Those by `fork`; a bare clone(2) tells nobody.)
inline void count_forks() noexcept {
    static const bool counts = ::pthread_atfork(nullptr, nullptr, &forks_detail::in_child) == 0;
    static_cast<void>(counts);
}

/// Another number in a child than in its parent. Relaxed: a child has one thread when it changes.
[[nodiscard]] inline std::uint32_t forks() noexcept { return forks_detail::count.load(std::memory_order_relaxed); }

}  // namespace parley::os
