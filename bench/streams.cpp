#include "all_series.hpp"
#include "peers/boost.hpp"
#include "reference/plain_mpmc.hpp"
#include "reference/plain_spsc.hpp"
#include "support/parley_ends.hpp"
#include "support/plain_ends.hpp"
#include "support/stream.hpp"

#include <cstdint>
#include <string>

namespace bench {

using namespace reference;

namespace {

template <class... Words>
using direct = direct_pair<parley::channel<message, parley::shm, parley::direct, parley::bounded<1024>, Words...>>;
template <class... Words>
using mailbox = mailbox_stream<parley::channel<message, parley::shm, parley::mailbox, parley::bounded<1024>, Words...>>;
using plain_mailbox = ring_stream<plain_mpmc<message, 1024>>;

template <class Setup>
void add_stream(suite& measured, const std::string& who, crowd people = {}, std::uint64_t first_count = 200'000) {
    const double run_seconds = people.crowded() ? 0.1 : 0.02;  // time slices are milliseconds long
    measured.add(
        who + "/stream" + of(people), unit::messages_per_second, first_count,
        [people](std::uint64_t messages) { return stream<Setup>(people, messages); }, run_seconds);
}

template <class Setup>
void add_batched_stream(suite& measured, const std::string& who) {
    measured.add(who + "/batches", unit::messages_per_second, 200'000, batched_stream<Setup>);
}

}  // namespace

void add_direct_streams(suite& measured) {
    add_stream<ring_stream<cached_index_ring<message, 1024>>>(measured, "plain_spsc.cached_index");
    add_stream<ring_stream<slot_sequence_ring<message, 1024>>>(measured, "plain_spsc.slot_sequence");
    add_stream<direct<parley::nonblocking>>(measured, "direct.polling");
    add_stream<direct<parley::blocking>>(measured, "direct.blocking");
    add_batched_stream<ring_stream<slot_sequence_ring<message, 1024>>>(measured, "plain_spsc.slot_sequence");
    add_batched_stream<ring_stream<cached_index_ring<message, 1024>>>(measured, "plain_spsc.cached_index");
    add_batched_stream<direct<parley::nonblocking>>(measured, "direct.polling");
    add_batched_stream<direct<parley::blocking>>(measured, "direct.blocking");
}

void add_mailbox_streams(suite& measured) {
    add_stream<peers::boost_message_queue<>>(measured, "peer.boost_message_queue", {}, 20'000);
    for (const crowd people : {crowd{1, 1}, crowd{4, 1}, crowd{2, 2}}) {
        add_stream<plain_mailbox>(measured, "plain_mpmc", people);
        add_stream<mailbox<parley::nonblocking>>(measured, "mailbox.polling", people);
        add_stream<mailbox<parley::blocking>>(measured, "mailbox.blocking", people);
    }
}

}  // namespace bench
