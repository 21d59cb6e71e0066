#include "all_series.hpp"
#include "peers/boost.hpp"
#include "reference/plain_mpmc.hpp"
#include "reference/system_calls/by_hand.hpp"
#include "support/channels_in_turn.hpp"
#include "support/parley_ends.hpp"
#include "support/ping_pong.hpp"
#include "support/plain_ends.hpp"
#include "support/standing_queue.hpp"
#include "support/stream.hpp"

#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>

/// What it costs to be many: processes, messages that wait, channels that are open.

namespace bench {

using namespace reference;

namespace {

constexpr std::uint32_t rounds_between = 9;

template <class Setup>
void add_crowds(suite& measured, const std::string& who) {
    for (const std::uint32_t producers : {2U, 8U}) {  // 1 and 4 are among the streams
        const crowd people{producers, 1};
        measured.add(
            who + "/stream" + of(people), unit::messages_per_second, 50'000,
            [people](std::uint64_t messages) { return stream<Setup>(people, messages); }, 0.1, rounds_between);
    }
}

/// The same queue with room for all that are to stand in it.
template <class Setup>
void add_standing_queue(suite& measured, const std::string& who) {
    for (const std::uint64_t queued : {1U, 10U, 100U, 1'000U, 10'000U}) {
        measured.add(
            who + "/standing_queue/queued:" + std::to_string(queued), unit::nanoseconds, 50'000,
            [queued](std::uint64_t messages) { return standing_queue<Setup>(queued, messages); }, 0.02, rounds_between);
    }
}

template <class Setup, std::size_t... Channels>
void add_channels(suite& measured, const std::string& who, std::index_sequence<Channels...>) {
    (measured.add(who + "/channels_in_turn/channels:" + std::to_string(Channels), unit::nanoseconds, 4'000,
                  ping_pong<in_turn<Setup, Channels>>, 0.03, rounds_between),
     ...);
}
using channels = std::index_sequence<1, 10, 100, 1000>;

template <class... Words>
using mailbox = parley::channel<message, parley::shm, parley::mailbox, Words...>;
template <class Transport, class Buffering>
using link = direct_pair<parley::channel<message, Transport, parley::direct, Buffering>>;

}  // namespace

void add_scaling(suite& measured) {
    add_crowds<ring_stream<plain_mpmc<message, 1024>>>(measured, "plain_mpmc");
    add_crowds<mailbox_stream<mailbox<parley::nonblocking>>>(measured, "mailbox.polling");
    add_crowds<mailbox_stream<mailbox<parley::blocking>>>(measured, "mailbox.blocking");

    add_standing_queue<mailbox_stream<mailbox<parley::bounded<16384>>>>(measured, "mailbox.bounded");
    add_standing_queue<mailbox_stream<mailbox<parley::unbounded>>>(measured, "mailbox.unbounded");
    add_standing_queue<peers::boost_message_queue<message, 16384>>(measured, "peer.boost_message_queue");

    add_channels<link<parley::shm, parley::bounded<16>>>(measured, "direct.blocking", channels{});
    add_channels<link<parley::unix_stream, parley::bounded_by_kernel>>(measured, "unix_stream", channels{});
    add_channels<by_hand<unix_stream, message, polling_calls, 0>>(measured, "by_hand.polling.unix_stream", channels{});
}

namespace {

template <class... Words>
void add_memory_of(suite& measured, const std::string& who) {
    measured.add(who + "/memory", unit::bytes, 1, memory_of<parley::channel<message, parley::shm, Words...>>);
}

}  // namespace

void add_memory(suite& measured) {
    add_memory_of<parley::mailbox, parley::zero>(measured, "mailbox, zero");
    add_memory_of<parley::mailbox, parley::bounded<16>>(measured, "mailbox, bounded<16>");
    add_memory_of<parley::mailbox, parley::bounded<1024>>(measured, "mailbox");
    add_memory_of<parley::mailbox, parley::unbounded>(measured, "mailbox, unbounded");
    add_memory_of<parley::port, parley::bounded<16>>(measured, "port, bounded<16>");
    add_memory_of<parley::port, parley::bounded<1024>>(measured, "port");
    add_memory_of<parley::direct, parley::bounded<16>>(measured, "direct, both ways, bounded<16>");
    add_memory_of<parley::direct, parley::bounded<1024>>(measured, "direct, both ways");
}

}  // namespace bench
