#pragma once

#include "../support/latency.hpp"
#include "../support/message.hpp"
#include "../support/stream.hpp"
#include "../support/suite.hpp"

#include <cstdint>
#include <functional>
#include <string>
#include <utility>

/// The series that every peer has, with the same names, sizes and lengths of runs as parley's.

namespace bench {

inline constexpr std::uint32_t peer_rounds_between = 5;

template <class Setup>
void add_latency(suite& measured, const std::string& who) {
    measured.add(who + "/latency" + in_bytes<message_type<Setup>>(), unit::nanoseconds, 2'000, latency<Setup>, 0.03,
                 peer_rounds_between);
}

template <class Setup>
void add_sleeping_latency(suite& measured, const std::string& who) {
    measured.add(who + "/sleeping_latency", unit::nanoseconds, 1'000, sleeping_ping_pong<Setup>, 0.1,
                 peer_rounds_between);
}

/// `paced` as for a stream: false where threads of the library or the kernel let a consumer run in bursts.
template <class Setup, bool paced = true>
void add_stream(suite& measured, const std::string& who) {
    measured.add(
        who + "/stream", unit::messages_per_second, 20'000,
        [](std::uint64_t messages) { return stream<Setup, paced>({}, messages); }, 0.03, peer_rounds_between);
}

}  // namespace bench
