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

/// Begins to bring the line of `where` to this core, to be read. Changes nothing, and harms nothing if the address is
/// not to be read.
inline void fetch_to_read(const void* where) noexcept { __builtin_prefetch(where, 0); }

/// The same, to be written: the line leaves all other cores. In words of its own because for a processor that is not
/// named, g++ and clang++ make a fetch to read of the builtin.
inline void fetch_to_write(const void* where) noexcept {
#if defined(__x86_64__)
    asm volatile("prefetchw %0" ::"m"(*static_cast<const char*>(where)));
#else
    __builtin_prefetch(where, 1);
#endif
}

}  // namespace parley::os
