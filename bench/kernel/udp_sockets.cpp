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
    comparison<parley::udp, reference::udp, message, 0> small_messages(measured, "udp", "64B");
    small_messages.add();
    small_messages.add_price_of_credits();

    comparison<parley::udp, reference::udp, large, 0> large_messages(measured, "udp", "63KiB");
    large_messages.add();
    large_messages.add_price_of_credits();
}

}  // namespace bench
