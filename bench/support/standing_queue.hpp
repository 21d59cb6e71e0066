#pragma once

#include "measurement.hpp"
#include "message.hpp"
#include "processes.hpp"
#include "shared.hpp"
#include "stream.hpp"

#include <algorithm>
#include <cstdint>
#include <stdexcept>
#include <vector>

namespace bench {

/// What it takes to send a message and receive one, in nanoseconds, while so many stand in the queue: in one process,
/// so that nothing else is in the figure. `Setup` as for a stream.
template <class Setup>
measurement standing_queue(std::uint64_t queued, std::uint64_t messages) {
    constexpr std::uint64_t group = 100;
    const std::uint64_t groups = std::max<std::uint64_t>(messages / group, 20);
    shared<measurement> result;
    Setup setup{crowd{}};
    process_group processes;
    processes.start("both sides", [&] {
        auto out = setup.producer();
        auto in = setup.consumer();
        std::uint64_t sent = 0;
        std::uint64_t received = 0;
        while (sent < queued) {
            out.send(make_message(sent++));
        }
        const auto one_group = [&] {
            const std::uint64_t start = now_ns();
            for (std::uint64_t index = 0; index < group; ++index) {
                out.send(make_message(sent++));
                const message taken = in.receive();
                if (number_of(taken) != received++ || !intact(taken)) {
                    throw std::runtime_error("another message came than was sent");
                }
            }
            return static_cast<double>(now_ns() - start) / static_cast<double>(group);
        };
        while (received < queued + group) {  // once through all places
            one_group();
        }
        const std::uint64_t start = now_ns();
        std::vector<double> figures;
        for (std::uint64_t done = 0; done < groups; ++done) {
            figures.push_back(one_group());
        }
        *result = {median(figures), static_cast<double>(now_ns() - start) * 1e-9};
    });
    processes.join_all();
    return *result;
}

}  // namespace bench
