#include "all_series.hpp"
#include "reference/futex_ping_pong.hpp"
#include "reference/plain_spsc.hpp"
#include "support/latency.hpp"
#include "support/parley_ends.hpp"
#include "support/plain_ends.hpp"

#include <cstddef>
#include <cstdint>
#include <string>

namespace bench {

using namespace reference;

namespace {

constexpr double run_seconds = 0.03;
constexpr std::uint32_t rounds_between = 5;

template <class Setup>
void add_latency(suite& measured, const std::string& who) {
    measured.add(who + "/latency" + in_bytes<message_type<Setup>>(), unit::nanoseconds, 5'000, latency<Setup>,
                 run_seconds, rounds_between);
}

/// A message goes to and fro, so that more than one is never in a channel; 64 places fit into a cache for all sizes.
template <class Message, class... Words>
using channel_of = parley::channel<Message, parley::shm, parley::bounded<64>, Words...>;

/// Each addressing, polling and blocking, beside a plain ring.
template <std::size_t Size>
void add_latencies_of(suite& measured) {
    using content = message_of<Size>;
    add_latency<ring_pair<slot_sequence_ring<content, 64>, content>>(measured, "plain_spsc.slot_sequence");
    add_latency<direct_pair<channel_of<content, parley::direct, parley::nonblocking>>>(measured, "direct.polling");
    add_latency<direct_pair<channel_of<content, parley::direct, parley::blocking>>>(measured, "direct.blocking");
    add_latency<two_ways<channel_of<content, parley::port, parley::nonblocking>>>(measured, "port.polling");
    add_latency<two_ways<channel_of<content, parley::port, parley::blocking>>>(measured, "port.blocking");
    add_latency<two_ways<channel_of<content, parley::mailbox, parley::nonblocking>>>(measured, "mailbox.polling");
    add_latency<two_ways<channel_of<content, parley::mailbox, parley::blocking>>>(measured, "mailbox.blocking");
}

/// What else there is in memory: rendezvous, and no bound.
void add_latencies_of_other_bufferings(suite& measured) {
    using handed_over = parley::channel<message, parley::shm, parley::direct, parley::zero>;
    using without_bound = parley::channel<message, parley::shm, parley::direct, parley::unbounded>;
    add_latency<direct_pair<handed_over>>(measured, "direct.zero");
    add_latency<direct_pair<without_bound>>(measured, "direct.unbounded");
}

template <class Setup>
void add_sleeping(suite& measured, const std::string& who) {
    measured.add(who + "/sleeping_latency", unit::nanoseconds, 1'000, sleeping_ping_pong<Setup>, 0.1, rounds_between);
}

void add_sleeping_latencies(suite& measured) {
    add_sleeping<futex_ping_pong>(measured, "plain_futex");
    add_sleeping<direct_pair<channel_of<message, parley::direct>>>(measured, "direct.blocking");
    add_sleeping<two_ways<channel_of<message, parley::port>>>(measured, "port.blocking");
    add_sleeping<two_ways<channel_of<message, parley::mailbox>>>(measured, "mailbox.blocking");
}

}  // namespace

void add_latencies(suite& measured) {
    add_latencies_of<64>(measured);
    add_latencies_of_other_bufferings(measured);
    add_latencies_of<1024>(measured);
    add_latencies_of<16384>(measured);
    add_latencies_of<65536>(measured);
    add_sleeping_latencies(measured);
}

}  // namespace bench
