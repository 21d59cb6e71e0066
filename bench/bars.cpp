#include "all_series.hpp"

namespace bench {

void add_bars(suite& measured) {
    const auto at_most = bar::direction::at_most;
    const auto at_least = bar::direction::at_least;

    measured.add({"direct ping-pong over bare lines",
                  "direct.polling/ping_pong",
                  {"bare_line.one_each_way/ping_pong"},
                  at_most,
                  1.2});
    measured.add({"direct stream over plain SPSC",
                  "direct.polling/stream",
                  {"plain_spsc.slot_sequence/stream", "plain_spsc.cached_index/stream"},
                  at_least,
                  0.9});
    measured.add({"direct batches over plain SPSC's",
                  "direct.polling/batches",
                  {"plain_spsc.slot_sequence/batches", "plain_spsc.cached_index/batches"},
                  at_least,
                  0.9});
    measured.add({"mailbox 1:1 over plain MPMC", "mailbox.polling/stream", {"plain_mpmc/stream"}, at_least, 0.85});
    measured.add({"mailbox 4:1 over plain MPMC",
                  "mailbox.polling/stream/producers:4",
                  {"plain_mpmc/stream/producers:4"},
                  at_least,
                  0.85});
    measured.add({"mailbox 2:2 over plain MPMC",
                  "mailbox.polling/stream/producers:2/consumers:2",
                  {"plain_mpmc/stream/producers:2/consumers:2"},
                  at_least,
                  0.85});
    measured.add({"direct blocking over polling", "direct.blocking/stream", {"direct.polling/stream"}, at_least, 0.8});
    measured.add(
        {"mailbox blocking over polling", "mailbox.blocking/stream", {"mailbox.polling/stream"}, at_least, 0.8});
    measured.add({"mailbox 1:1 over Boost message_queue",
                  "mailbox.blocking/stream",
                  {"peer.boost_message_queue/stream"},
                  at_least,
                  15});
    measured.add({"direct over Boost message_queue",
                  "direct.blocking/stream",
                  {"peer.boost_message_queue/stream"},
                  at_least,
                  40});
    measured.add({"blocking, asleep, over a futex ping-pong",
                  "direct.blocking/sleeping_ping_pong",
                  {"futex/sleeping_ping_pong"},
                  at_most,
                  1.3});
    measured.add({"memory of a mailbox, bounded<1024>, 64 B", "mailbox/memory", {}, at_most, 256.0 * 1024});
}

}  // namespace bench
