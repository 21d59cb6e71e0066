#pragma once

#include <cstddef>
#include <fstream>

#include <unistd.h>

/// How much memory this process holds, for a test that it does not grow.

#if defined(__SANITIZE_ADDRESS__)  // g++
#define PARLEY_TEST_ADDRESS_SANITIZER
#elif defined(__has_feature)  // clang++
#if __has_feature(address_sanitizer)
#define PARLEY_TEST_ADDRESS_SANITIZER
#endif
#endif

#if defined(PARLEY_TEST_ADDRESS_SANITIZER)
extern "C" std::size_t __sanitizer_get_current_allocated_bytes();  // g++ has no header for it
#endif

namespace parley::test {

/// Bytes: what is resident, or under AddressSanitizer, which keeps what has been freed, what is allocated.
[[nodiscard]] inline std::size_t memory_in_use() {
#if defined(PARLEY_TEST_ADDRESS_SANITIZER)
    return __sanitizer_get_current_allocated_bytes();
#else
    std::ifstream in("/proc/self/statm");
    std::size_t all = 0;
    std::size_t resident = 0;
    in >> all >> resident;
    return resident * static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
#endif
}

}  // namespace parley::test
