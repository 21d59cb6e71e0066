#pragma once

#include "../support/measurement.hpp"
#include "../support/processes.hpp"
#include "../support/shared.hpp"

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <vector>

namespace bench::reference {

/// One cache line passed to and fro between two processes: the floor for anything that crosses cores.
/// It says how far apart the two cores are at this moment, which on a virtual machine changes while it runs.
inline measurement bare_line(std::uint64_t round_trips) {
    constexpr std::uint64_t group = 100;
    const std::uint64_t groups = std::max<std::uint64_t>(round_trips / group, 20);
    const std::uint64_t warm_up = groups / 10 + 1;
    struct meeting {
        alignas(128) std::atomic<std::uint64_t> line{0};
        alignas(128) start_line start;
        measurement result{};
    };
    shared<meeting> meet;
    process_group processes;

    // Odd values are the left side's turn taken, even ones the right side's.
    processes.start("left", [&] {
        std::vector<double> one_way;
        one_way.reserve(groups);
        std::uint64_t turn = 0;
        std::uint64_t measured_from = 0;
        meet->start.wait_for(2);
        for (std::uint64_t done = 0; done < warm_up + groups; ++done) {
            const std::uint64_t start = now_ns();
            if (done == warm_up) {
                measured_from = start;
            }
            for (std::uint64_t trip = 0; trip < group; ++trip, turn += 2) {
                meet->line.store(turn + 1, std::memory_order_release);
                while (meet->line.load(std::memory_order_acquire) != turn + 2) {
                    pause();
                }
            }
            if (done >= warm_up) {
                one_way.push_back(static_cast<double>(now_ns() - start) / (2.0 * static_cast<double>(group)));
            }
        }
        meet->result = {median(one_way), static_cast<double>(now_ns() - measured_from) * 1e-9};
    });
    processes.start("right", [&] {
        meet->start.wait_for(2);
        for (std::uint64_t turn = 0; turn < 2 * (warm_up + groups) * group; turn += 2) {
            while (meet->line.load(std::memory_order_acquire) != turn + 1) {
                pause();
            }
            meet->line.store(turn + 2, std::memory_order_release);
        }
    });
    processes.join_all();
    return meet->result;
}

}  // namespace bench::reference
