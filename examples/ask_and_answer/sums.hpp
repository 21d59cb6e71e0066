#pragma once

#include <parley/parley.hpp>

/// What both programs agree on: text in both directions, between processes that name each other.
using sums = parley::channel<parley::bytes<200>, parley::direct>;

inline constexpr const char* default_name = "example-adder";
