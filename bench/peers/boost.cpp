#include "boost.hpp"
#include "../support/plain_ends.hpp"
#include "peer_series.hpp"

#include <cstddef>

namespace bench {

using namespace peers;

namespace {

template <std::size_t Size>
void add_latencies(suite& measured) {
    using content = message_of<Size>;
    add_latency<boost_message_queue<content, 64>>(measured, "peer.boost_message_queue");
    add_latency<ring_pair<lockfree_ring<content, 64>, content>>(measured, "peer.boost_lockfree");
}

}  // namespace

/// Boost.Interprocess's queue streams beside parley's mailbox; the rest of Boost is here.
void add_boost(suite& measured) {
    add_latencies<64>(measured);
    add_latencies<1024>(measured);
    add_latencies<16384>(measured);
    add_latencies<65536>(measured);
    add_sleeping_latency<boost_message_queue<>>(measured, "peer.boost_message_queue");

    using ring = lockfree_ring<message, 1024>;
    add_stream<ring_stream<ring>>(measured, "peer.boost_lockfree");
    measured.add("peer.boost_message_queue/memory", unit::bytes, 1, boost_message_queue<>::memory);
    measured.add("peer.boost_lockfree/memory", unit::bytes, 1, ring::memory);
}

}  // namespace bench
