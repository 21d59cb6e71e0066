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

/// The same for so many bytes from `where` on, which are about to be written in place, in pieces as small as a user's:
/// as many lines are on the way at a time as the core can ask for, where its pending stores would ask for a few. So
/// nothing for a few lines; nor for many, of which the processor fetches by itself what follows in a row.
inline void fetch_to_fill(const std::byte* where, std::size_t size) noexcept {
    constexpr std::size_t few = 4 * cache_line;
    constexpr std::size_t many = 128 * cache_line;
    if (size > few && size <= many) {
        for (std::size_t offset = 0; offset < size; offset += cache_line) {
            fetch_to_write(where + offset);
        }
    }
}

}  // namespace parley::os
