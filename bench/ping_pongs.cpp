#include "all_series.hpp"
#include "reference/bare_line.hpp"
#include "reference/futex_ping_pong.hpp"
#include "reference/plain_mpmc.hpp"
#include "reference/plain_spsc.hpp"
#include "support/parley_ends.hpp"
#include "support/ping_pong.hpp"
#include "support/plain_ends.hpp"

namespace bench {

using namespace reference;

namespace {

template <class... Words>
using direct = direct_pair<parley::channel<message, parley::shm, parley::direct, parley::bounded<1024>, Words...>>;

}  // namespace

void add_ping_pongs(suite& measured) {
    measured.add("bare_line.one_each_way/ping_pong", unit::nanoseconds, 50'000, bare_line<2>);
    measured.add("bare_line.one_for_both/ping_pong", unit::nanoseconds, 50'000, bare_line<1>);
    measured.add("direct.polling/ping_pong", unit::nanoseconds, 50'000, ping_pong<direct<parley::nonblocking>>);
    measured.add("plain_spsc.slot_sequence/ping_pong", unit::nanoseconds, 50'000,
                 ping_pong<ring_pair<slot_sequence_ring<message, 1024>>>);
    measured.add("plain_spsc.cached_index/ping_pong", unit::nanoseconds, 50'000,
                 ping_pong<ring_pair<cached_index_ring<message, 1024>>>);
    measured.add("plain_mpmc/ping_pong", unit::nanoseconds, 50'000, ping_pong<ring_pair<plain_mpmc<message, 1024>>>);
}

void add_sleeping_ping_pongs(suite& measured) {
    measured.add("direct.blocking/sleeping_ping_pong", unit::nanoseconds, 500,
                 sleeping_ping_pong<direct<parley::blocking>>);
    measured.add("direct.blocking_on_futex/sleeping_ping_pong", unit::nanoseconds, 500,
                 sleeping_ping_pong<direct<parley::blocking_on<parley::futex>>>);
    measured.add("futex/sleeping_ping_pong", unit::nanoseconds, 500, sleeping_ping_pong<futex_ping_pong>);
}

}  // namespace bench
