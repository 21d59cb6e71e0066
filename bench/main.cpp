// The suite: parley beside plain references, in one run, so that every figure is a ratio.
//
//   parley_bench [--quick | --rounds=N] [Google Benchmark's options, as --benchmark_filter or --benchmark_out=FILE]

#include "all_series.hpp"
#include "support/context.hpp"
#include "support/machine.hpp"
#include "support/progress.hpp"
#include "support/rounds.hpp"
#include "support/table.hpp"

#include <benchmark/benchmark.h>

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

namespace {

// Less than ten minutes of a quiet machine, and about one.
constexpr bench::extent usual{.rounds = 75, .run_length = 1, .warm_up_runs = 4};
constexpr bench::extent quick{.rounds = 3, .run_length = 0.25, .warm_up_runs = 2};

/// Takes what is the suite's own out of the arguments; the rest is Google Benchmark's.
bench::extent take_extent(std::vector<char*>& arguments) {
    bench::extent wanted = usual;
    std::vector<char*> rest;
    for (char* const argument : arguments) {
        const std::string text = argument;
        if (text == "--quick") {
            wanted = quick;
        } else if (text.rfind("--rounds=", 0) == 0) {
            wanted.rounds =
                std::max<std::uint32_t>(1, static_cast<std::uint32_t>(std::strtoul(text.c_str() + 9, nullptr, 10)));
        } else {
            rest.push_back(argument);
        }
    }
    arguments = rest;
    return wanted;
}

void print_machine() {
    std::printf(
        "%s, %zu cores to run on; figures are of messages between pinned processes, of 64 bytes if nothing else is "
        "said\n",
        bench::processor_name().c_str(), bench::cores().size());
    if (bench::cores().size() < 2) {
        std::printf("with one core nothing here means much: two processes never run at the same time\n");
    }
#ifndef NDEBUG
    std::printf("this is a build with assertions: use Release for figures\n");
#endif
}

}  // namespace

int main(int count, char** values) {
    std::vector<char*> arguments(values, values + count);
    const bench::extent wanted = take_extent(arguments);
    int left = static_cast<int>(arguments.size());
    benchmark::Initialize(&left, arguments.data());
    if (benchmark::ReportUnrecognizedArguments(left, arguments.data())) {
        return 1;
    }

    bench::suite measured;
    bench::add_ping_pongs(measured);
    bench::add_direct_streams(measured);
    bench::add_mailbox_streams(measured);
    bench::add_sleeping_ping_pongs(measured);
    bench::add_bars(measured);
    bench::add_latencies(measured);
    bench::add_copy_against_map(measured);
    bench::add_peers(measured);
    bench::add_scaling(measured);
    bench::add_memory(measured);
    bench::add_queues(measured);
    bench::add_pipes(measured);
    bench::add_unix_stream_sockets(measured);
    bench::add_unix_seqpacket_sockets(measured);
    bench::add_unix_datagram_sockets(measured);
    bench::add_tcp_sockets(measured);
    bench::add_udp_sockets(measured);
    bench::add_signals(measured);
    bench::add_copy_against_map_over_the_kernel(measured);
    const std::size_t runs = bench::register_rounds(measured, wanted);

    print_machine();
    for (const auto& peer : measured.missing()) {
        std::printf("missing, and not measured: %s\n", peer.c_str());
    }
    // A part of the suite is not kept waiting for it.
    const auto crossovers = benchmark::GetBenchmarkFilter().empty() ? bench::crossovers() : "not measured";
    std::printf("bytes from which on a message had better stay where it is: %s\n", crossovers.c_str());
    bench::tell_context(measured, wanted.rounds, crossovers);
    bench::progress shown(runs);
    benchmark::RunSpecifiedBenchmarks(&shown);
    benchmark::Shutdown();

    bench::print_series(measured);
    bench::print_bars(measured);
    const auto failed = [](const bench::series& one) { return !one.failure.empty(); };
    return std::any_of(measured.all().begin(), measured.all().end(), failed) ? 1 : 0;
}
