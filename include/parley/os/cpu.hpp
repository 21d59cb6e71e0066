#pragma once

#include <cstddef>

namespace parley::os {

/// Bytes that travel together between cores. A constant of the shared layout, so it does not follow the compiler's
/// `std::hardware_destructive_interference_size`, which may differ between two builds that share a segment.
inline constexpr std::size_t cache_line = 64;

/// Tells the core that this is a spin loop.
inline void pause() noexcept {
#if defined(__x86_64__) || defined(__i386__)
    __builtin_ia32_pause();
#elif defined(__aarch64__)
    asm volatile("isb" ::: "memory");
#else
    asm volatile("" ::: "memory");
#endif
}

}  // namespace parley::os
