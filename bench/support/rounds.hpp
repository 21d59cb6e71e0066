#pragma once

#include "suite.hpp"

#include <benchmark/benchmark.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <string>

namespace bench {

/// How much is measured.
struct extent {
    std::uint32_t rounds;
    double run_length;  ///< as a share of what each series asks for
    int warm_up_runs;   ///< at most
};

/// Finds how many messages take as long as a run is to take; the runs for that are the warm-up.
inline void calibrate(series& one, const extent& wanted) {
    one.run_seconds *= wanted.run_length;
    for (int tries = 0; tries < wanted.warm_up_runs && one.measured_in != unit::bytes; ++tries) {
        const double seconds = std::max(one.run(one.count).seconds, 1e-6);
        const double factor = std::clamp(one.run_seconds / seconds, 0.05, 20.0);
        one.count = std::max<std::uint64_t>(static_cast<std::uint64_t>(static_cast<double>(one.count) * factor), 20);
        if (factor > 0.7 && factor < 1.5) {
            break;
        }
    }
    one.calibrated = true;
}

inline void tell_spread(benchmark::State& state, const measurement& result) {
    for (std::size_t index = 0; index < told_shares.size(); ++index) {
        if (result.spread[index] > 0) {
            state.counters[told_shares[index].name] = result.spread[index];
        }
    }
}

inline void run_once(benchmark::State& state, series& one, const extent& wanted, std::uint32_t round) {
    if (!one.failure.empty()) {
        state.SkipWithError(one.failure.c_str());  // once is enough: it may have been a hang
        return;
    }
    try {
        if (!one.calibrated) {
            calibrate(one, wanted);
        }
        for (auto unused : state) {
            static_cast<void>(unused);
            const measurement result = one.run(one.count);
            state.SetIterationTime(result.seconds);
            one.samples.push_back(result.figure);
            one.rounds.push_back(round);
            switch (one.measured_in) {
                case unit::nanoseconds:
                    state.counters["one_way_ns"] = result.figure;
                    tell_spread(state, result);
                    break;
                case unit::messages_per_second:
                    state.counters["messages_per_second"] = result.figure;
                    state.counters["whole_run"] = result.whole_run;
                    break;
                case unit::bytes:
                    state.counters["bytes"] = result.figure;
                    break;
            }
        }
    } catch (const std::exception& failure) {
        one.failure = failure.what();
        one.samples.clear();
        one.rounds.clear();
        state.SkipWithError(failure.what());
    }
}

/// Registers every series once per round, A B C A B C, so that a machine that gets slower or faster on the way does so
/// for all. Every other round runs backwards, so that no series always comes just after the same one. Returns how many
/// runs these are.
inline std::size_t register_rounds(suite& measured, const extent& wanted) {
    auto& all = measured.all();
    std::size_t runs = 0;
    for (std::uint32_t round = 0; round < wanted.rounds; ++round) {
        for (std::size_t index = 0; index < all.size(); ++index) {
            series& one = round % 2 == 0 ? all[index] : all[all.size() - 1 - index];
            if (round % one.every != 0 || (one.measured_in == unit::bytes && round > 0)) {
                continue;
            }
            ++runs;
            const std::string name = one.name + "/round:" + std::to_string(round);
            benchmark::RegisterBenchmark(
                name.c_str(), [&one, wanted, round](benchmark::State& state) { run_once(state, one, wanted, round); })
                ->Iterations(1)
                ->UseManualTime()
                ->Unit(benchmark::kMillisecond);
        }
    }
    return runs;
}

}  // namespace bench
