#pragma once

#include <parley/parley.hpp>

// What carries it: one line to change. Built also over a queue, a pipe and a socket (CMakeLists.txt).
#ifndef EXAMPLE_CARRIER
#define EXAMPLE_CARRIER parley::shm
#endif

/// What both programs agree on: lines of text to a port, which belongs to the one process that receives from it.
using log_lines = parley::channel<parley::bytes<500>, EXAMPLE_CARRIER, parley::port>;

inline constexpr const char* default_name = "example-log";
