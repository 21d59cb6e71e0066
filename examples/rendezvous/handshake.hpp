#pragma once

#include <parley/parley.hpp>

/// What both programs agree on. `zero`: no room for a message between them, so sender and receiver must meet.
using handshake = parley::channel<int, parley::zero>;

inline constexpr const char* default_name = "example-rendezvous";
