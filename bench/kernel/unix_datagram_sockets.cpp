#include "all_series.hpp"
#include "reference/system_calls/sockets.hpp"
#include "support/kernel_series.hpp"

#include <cstddef>

namespace bench {

namespace {

using large = message_of<std::size_t{64} * 1024>;

}  // namespace

void add_unix_datagram_sockets(suite& measured) {
    comparison<parley::unix_datagram, reference::unix_datagram, message, 0> small_messages(measured, "unix_datagram");
    small_messages.add();
    small_messages.add_price_of_credits();
    small_messages.add_price_of_other_bufferings();
    small_messages.add_price_over<reference::unix_datagram_pair>("unix_datagram_pair");

    comparison<parley::unix_datagram, reference::unix_datagram, large, 0> large_messages(measured, "unix_datagram");
    large_messages.add();
    large_messages.add_price_of_credits();

    add_latencies_over<parley::unix_datagram, reference::unix_datagram, 1024, 16384, 65536>(measured, "unix_datagram");
}

}  // namespace bench
