#pragma once

#include <parley/parley.hpp>

/// What both programs agree on: what travels, and how. Programs that disagree refuse to talk to each other.

struct measurement {
    int number;
    double celsius;
    bool last;
};

// What carries them: one line to change. Built also over a queue, a pipe and a socket (CMakeLists.txt).
#ifndef EXAMPLE_CARRIER
#define EXAMPLE_CARRIER parley::shm
#endif

// Everything that is not said is the default: a mailbox, blocking. Room for four measurements.
using measurements = parley::channel<measurement, EXAMPLE_CARRIER, parley::bounded<4>>;

inline constexpr const char* default_name = "example-measurements";
