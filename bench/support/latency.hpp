#pragma once

#include "measurement.hpp"
#include "message.hpp"
#include "ping_pong.hpp"
#include "processes.hpp"
#include "shared.hpp"

#include <algorithm>
#include <cstdint>
#include <vector>

namespace bench {

/// Half of each round trip, in nanoseconds, and how they are distributed: `play(number)` is called for 0, 1, 2 and so
/// on, `warm_up` times without looking.
template <class Play>
[[nodiscard]] measurement halves_of_round_trips(std::uint64_t warm_up, std::uint64_t round_trips, Play play) {
    std::vector<double> one_way(round_trips);  // written once, so that no page is missing later
    std::uint64_t number = 0;
    for (; number < warm_up; ++number) {
        play(number);
    }
    const std::uint64_t start = now_ns();
    std::uint64_t before = start;
    for (double& sample : one_way) {
        play(number++);
        const std::uint64_t now = now_ns();
        sample = static_cast<double>(now - before) / 2;
        before = now;
    }
    return latencies(one_way, static_cast<double>(before - start) * 1e-9);
}

/// The latency of each message that goes to and fro between two processes: half of its round trip, in nanoseconds, and
/// how they are distributed. `Setup` as for a ping_pong.
///
/// Each round trip costs a look at the clock, 20 to 30 ns, of which half is in the figure; the figures of ping_pong are
/// without.
template <class Setup>
measurement latency(std::uint64_t round_trips) {
    using content = message_type<Setup>;
    round_trips = std::max<std::uint64_t>(round_trips, 20);
    const std::uint64_t warm_up = round_trips / 10 + 1;
    struct meeting {
        start_line line;
        measurement result{};
    };
    shared<meeting> meet;
    Setup setup;
    process_group processes;

    processes.start("left", [&] {
        auto end = setup.left();
        prepared_messages<content> out(0);
        meet->line.wait_for(2);
        meet->result =
            halves_of_round_trips(warm_up, round_trips, [&](std::uint64_t number) { exchange(end, out, number); });
    });
    processes.start("right", [&] {
        auto end = setup.right();
        meet->line.wait_for(2);
        send_back<content>(end, warm_up + round_trips);
    });
    processes.join_all();
    return meet->result;
}

}  // namespace bench
