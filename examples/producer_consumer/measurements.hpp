#pragma once

#include <parley/parley.hpp>

/// What both programs agree on: what travels, and how. Programs that disagree refuse to talk to each other.

struct measurement {
    int number;
    double celsius;
    bool last;
};

// Everything that is not said is the default: shared memory, a mailbox, blocking. Room for four measurements.
using measurements = parley::channel<measurement, parley::bounded<4>>;

inline constexpr const char* default_name = "example-measurements";
