#include "all_series.hpp"
#include "reference/system_calls/sockets.hpp"
#include "support/kernel_series.hpp"

#include <cstddef>

namespace bench {

namespace {

using large = message_of<std::size_t{64} * 1024>;

/// TCP finds out by itself how large its buffers are to be, and takes its time.
constexpr double stream_seconds = 0.1;

}  // namespace

void add_tcp_sockets(suite& measured) {
    comparison<parley::tcp, reference::tcp, message, 0> small_messages(measured, "tcp", stream_seconds);
    small_messages.add();
    small_messages.add_price_of_credits();
    small_messages.add_price_of_other_bufferings();
    small_messages.add_price_over<reference::tcp_one_connection>("tcp_one_connection");

    comparison<parley::tcp, reference::tcp, large, 0> large_messages(measured, "tcp", stream_seconds);
    large_messages.add();
    large_messages.add_price_of_credits();

    add_latencies_over<parley::tcp, reference::tcp, 1024, 16384, 65536>(measured, "tcp");
}

}  // namespace bench
