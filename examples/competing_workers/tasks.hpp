#pragma once

#include <parley/parley.hpp>

// What carries it: one line to change. Built also over a queue and a pipe (CMakeLists.txt); a socket has no mailboxes.
#ifndef EXAMPLE_CARRIER
#define EXAMPLE_CARRIER parley::shm
#endif

/// What both programs agree on: a mailbox, from which each number goes to exactly one receiver. (To have a task done by
/// another worker when the first is killed in the middle of it, write mailbox_by<at_least_once>, as
/// examples/wordcount does.)
using tasks = parley::channel<int, EXAMPLE_CARRIER, parley::mailbox>;

inline constexpr const char* default_name = "example-tasks";
