#pragma once

#include <array>
#include <cstddef>

/// What the tests of `adaptive` send.

namespace parley::conformance {

inline constexpr std::size_t threshold = 1000;
inline constexpr std::size_t largest_size = 100'000;

/// Small and large ones behind each other, and those around the threshold.
inline constexpr std::array<std::size_t, 16> sizes{
    0,    threshold,        threshold + 1, 1, largest_size, 7,    100,   threshold - 1, 5,
    4096, largest_size - 1, 999,           8, 2000,         1000, 20'000};

}  // namespace parley::conformance
