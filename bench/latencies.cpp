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

/// A message goes to and fro, so that more than one is never in a channel. 64 places fit into a cache, but for the
/// largest.
template <class Message>
inline constexpr std::size_t places_of = sizeof(Message) > 65536 ? 4 : 64;
template <class Message, class... Words>
using channel_of = parley::channel<Message, parley::shm, parley::bounded<places_of<Message>>, Words...>;
template <class Message>
using plain_ring = slot_sequence_ring<Message, places_of<Message>>;

template <class Message>
void add_polling_latencies(suite& measured) {
    add_latency<ring_pair<plain_ring<Message>, Message>>(measured, "plain_spsc.slot_sequence");
    add_latency<direct_pair<channel_of<Message, parley::direct, parley::nonblocking>>>(measured, "direct.polling");
    add_latency<two_ways<channel_of<Message, parley::port, parley::nonblocking>>>(measured, "port.polling");
}

/// Each addressing, polling and blocking, beside a plain ring.
template <std::size_t Size>
void add_latencies_of(suite& measured) {
    using content = message_of<Size>;
    add_polling_latencies<content>(measured);
    add_latency<direct_pair<channel_of<content, parley::direct, parley::blocking>>>(measured, "direct.blocking");
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

/// What copying costs besides the copies themselves.
template <std::size_t Size>
void add_copying_bars(suite& measured, const std::string& size) {
    const auto series = "/latency" + in_bytes<message_of<Size>>();
    for (const std::string how : {"direct.polling", "port.polling"}) {
        measured.add({how + ", " + size + " copied in and out, over a plain ring",
                      how + series,
                      {"plain_spsc.slot_sequence" + series},
                      bar::direction::at_most,
                      1.05});
    }
}

}  // namespace

void add_latencies(suite& measured) {
    add_latencies_of<64>(measured);
    add_latencies_of_other_bufferings(measured);
    add_latencies_of<1024>(measured);
    add_latencies_of<16384>(measured);
    add_latencies_of<65536>(measured);
    add_polling_latencies<message_of<1 << 20>>(measured);
    add_sleeping_latencies(measured);
    add_copying_bars<65536>(measured, "64 KiB");
    add_copying_bars<1 << 20>(measured, "1 MiB");
}

}  // namespace bench
