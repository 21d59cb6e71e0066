#pragma once

#include <parley/parley.hpp>

// What carries it: one line to change. Built also over a queue and a pipe (CMakeLists.txt).
#ifndef EXAMPLE_CARRIER
#define EXAMPLE_CARRIER parley::shm
#endif

/// What both programs agree on. `zero`: no room for a message between them, so sender and receiver must meet.
using handshake = parley::channel<int, EXAMPLE_CARRIER, parley::zero>;

inline constexpr const char* default_name = "example-rendezvous";
