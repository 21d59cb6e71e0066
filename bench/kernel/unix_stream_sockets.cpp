#include "all_series.hpp"
#include "reference/system_calls/sockets.hpp"
#include "support/kernel_series.hpp"

#include <cstddef>

namespace bench {

namespace {

using large = message_of<std::size_t{64} * 1024>;

}  // namespace

void add_unix_stream_sockets(suite& measured) {
    comparison<parley::unix_stream, reference::unix_stream, message, 0> small_messages(measured, "unix_stream");
    small_messages.add();
    small_messages.add_price_of_credits();
    small_messages.add_price_of_other_bufferings();

    comparison<parley::unix_stream, reference::unix_stream, large, 0> large_messages(measured, "unix_stream");
    large_messages.add();
    large_messages.add_price_of_credits();

    add_latencies_over<parley::unix_stream, reference::unix_stream, 1024, 16384, 65536>(measured, "unix_stream");
}

}  // namespace bench
