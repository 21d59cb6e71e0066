#pragma once

#include "support/suite.hpp"

#include <string>

namespace bench {

// In the order in which they run. What is compared with each other is best registered side by side.
void add_ping_pongs(suite& measured);
void add_direct_streams(suite& measured);
void add_mailbox_streams(suite& measured);
void add_latencies(suite& measured);
void add_copy_against_map(suite& measured);
void add_scaling(suite& measured);
void add_memory(suite& measured);
void add_sleeping_ping_pongs(suite& measured);
void add_bars(suite& measured);

// What the kernel carries; these bring their own bars.
void add_queues(suite& measured);
void add_pipes(suite& measured);
void add_unix_stream_sockets(suite& measured);
void add_unix_seqpacket_sockets(suite& measured);
void add_unix_datagram_sockets(suite& measured);
void add_tcp_sockets(suite& measured);
void add_udp_sockets(suite& measured);
void add_signals(suite& measured);
void add_copy_against_map_over_the_kernel(suite& measured);

/// From which size on map is the better one, as `parley::measure_crossover` finds for each transport, in words.
[[nodiscard]] std::string crossovers();

// Other libraries. The build writes the last: which of them it found, and which not.
void add_boost(suite& measured);
void add_zeromq(suite& measured);
void add_nng(suite& measured);
void add_iceoryx(suite& measured);
void add_iceoryx2(suite& measured);
void add_aeron(suite& measured);
void add_peers(suite& measured);

}  // namespace bench
