#pragma once

#include <cerrno>
#include <concepts>

#include <sys/random.h>

#include <parley/os/error.hpp>

namespace parley::os {

/// A number that nobody can foresee, from the kernel (getrandom(2)). So few bytes come whole, whatever signals do.
template <std::unsigned_integral Number>
[[nodiscard]] Number random_number() {
    Number result = 0;
    while (::getrandom(&result, sizeof result, 0) < 0) {
        if (errno != EINTR) {  // while the kernel, just booted, has nothing to give yet
            throw_system(errno, "asking for a random number");
        }
    }
    return result;
}

}  // namespace parley::os
