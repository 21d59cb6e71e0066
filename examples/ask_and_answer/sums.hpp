#pragma once

#include <parley/parley.hpp>

// What carries the questions: one line to change. Built also over a queue, a pipe and a socket (CMakeLists.txt).
#ifndef EXAMPLE_CARRIER
#define EXAMPLE_CARRIER parley::shm
#endif

/// What both programs agree on: text in both directions, between processes that name each other.
using sums = parley::channel<parley::bytes<200>, parley::direct, EXAMPLE_CARRIER>;

inline constexpr const char* default_name = "example-adder";
