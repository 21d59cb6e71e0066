#pragma once

#include "../support/measurement.hpp"
#include "../support/processes.hpp"
#include "../support/shared.hpp"

#include <algorithm>
#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace bench::reference {

/// A number passed to and fro between two processes, the floor for anything that crosses cores. It says how far apart
/// the two cores are at this moment, which on a virtual machine changes while it runs.
///
/// `lines` = 2: a cache line each way, written by one side and read by the other, as the two directions of a channel
/// are. `lines` = 1: both write one line, which some processors hand over with the reading; no two rings can do that.
template <std::size_t lines>
measurement bare_line(std::uint64_t round_trips) {
    static_assert(lines == 1 || lines == 2);
    constexpr std::uint64_t group = 100;
    const std::uint64_t groups = std::max<std::uint64_t>(round_trips / group, 20);
    const std::uint64_t warm_up = groups / 10 + 1;
    struct meeting {
        struct alignas(128) line {
            std::atomic<std::uint64_t> number{0};
        };
        std::array<line, lines> passed;
        alignas(128) start_line start;
        measurement result{};
    };
    shared<meeting> meet;
    process_group processes;
    auto& there = meet->passed.front().number;
    auto& back = meet->passed.back().number;

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
                there.store(turn + 1, std::memory_order_release);
                while (back.load(std::memory_order_acquire) != turn + 2) {
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
            while (there.load(std::memory_order_acquire) != turn + 1) {
                pause();
            }
            back.store(turn + 2, std::memory_order_release);
        }
    });
    processes.join_all();
    return meet->result;
}

}  // namespace bench::reference
