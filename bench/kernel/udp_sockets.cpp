#include "all_series.hpp"
#include "reference/system_calls/sockets.hpp"
#include "support/kernel_series.hpp"

#include <cstddef>

namespace bench {

namespace {

using large = message_of<std::size_t{63} * 1024>;  // a datagram holds 65,507 bytes

}  // namespace

/// Of a stream those messages are counted that arrive.
void add_udp_sockets(suite& measured) {
    comparison<parley::udp, reference::udp, message, 0> small_messages(measured, "udp");
    small_messages.add();
    small_messages.add_price_of_credits();

    comparison<parley::udp, reference::udp, large, 0> large_messages(measured, "udp");
    large_messages.add();
    large_messages.add_price_of_credits();

    add_latencies_over<parley::udp, reference::udp, 1024, 16384, sizeof(large)>(measured, "udp");
}

}  // namespace bench
