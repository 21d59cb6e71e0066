#pragma once

#include <parley/parley.hpp>

/// What both programs agree on: lines of text to a port, which belongs to the one process that receives from it.
using log_lines = parley::channel<parley::bytes<500>, parley::port>;

inline constexpr const char* default_name = "example-log";
