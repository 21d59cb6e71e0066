#pragma once

#include <atomic>

#include <linux/membarrier.h>
#include <sys/syscall.h>
#include <unistd.h>

/// An asymmetric store-load fence between processes: free for the side that runs often, a system call for the other.
///
/// The frequent side stores, calls `light_fence`, then loads; the rare side stores, calls `heavy_fence`, then loads. At
/// least one of them sees the other's store. `membarrier(MEMBARRIER_CMD_GLOBAL_EXPEDITED)` makes every running thread
/// of every *registered* process pass a full barrier (membarrier(2)), so the light side must be registered; about 0.5
/// us. Where membarrier is not to be had, the light side uses an ordinary fence, and everybody else is told to.

namespace parley::os {

/// Registers this process; whether `light_fence` may then be a mere compiler barrier. Cheap when done before, and
/// needed again in a new program image, so it is asked at every attach.
[[nodiscard]] inline bool register_light_fence() noexcept {
    return ::syscall(SYS_membarrier, MEMBARRIER_CMD_REGISTER_GLOBAL_EXPEDITED, 0, 0) == 0;
}

/// Orders the caller's earlier stores before its later loads against any `heavy_fence`. `registered`: this process is
/// registered, and so is every process that sleeps on the other side.
inline void light_fence(bool registered) noexcept {
    if (registered) {
        std::atomic_signal_fence(std::memory_order_seq_cst);
    } else {
#if defined(__SANITIZE_THREAD__)  // ThreadSanitizer knows no fences; a locked instruction is one on every machine it
                                  // has
        static std::atomic<int> anything{0};
        anything.fetch_add(0, std::memory_order_seq_cst);
#else
        std::atomic_thread_fence(std::memory_order_seq_cst);
#endif
    }
}

/// Makes every registered process pass a full barrier. The caller's own earlier store must be a sequentially consistent
/// read-modify-write.
inline void heavy_fence() noexcept { ::syscall(SYS_membarrier, MEMBARRIER_CMD_GLOBAL_EXPEDITED, 0, 0); }

}  // namespace parley::os
