#pragma once

#include <string_view>

namespace parley {

/// Wait strategy: never sleep. The lowest latency where each process has a core of its own; the core is busy all the
/// time. After a while of spinning the core is offered to others (sched_yield(2)).
struct spin {
    static constexpr std::string_view name = "spin";
    static constexpr bool sleeps = false;

    struct berth {};
};

}  // namespace parley
