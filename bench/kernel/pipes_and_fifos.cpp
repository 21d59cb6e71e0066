#include "all_series.hpp"
#include "reference/system_calls/pipes.hpp"
#include "support/kernel_series.hpp"

#include <cstddef>

namespace bench {

namespace {

using large = message_of<std::size_t{64} * 1024>;

// Small messages are packets, each of which takes a page of the pipe. A large one is bytes; one of 64 KiB takes 17
// pages with parley's headers, and the largest pipe of an unprivileged user has 256.
constexpr std::size_t small_in_a_pipe = 16;
constexpr std::size_t large_in_a_pipe = 8;

}  // namespace

void add_pipes(suite& measured) {
    comparison<parley::pipe, reference::pipe, message, small_in_a_pipe> over_pipes(measured, "pipe");
    over_pipes.add();
    over_pipes.add_price_of_other_bufferings();
    over_pipes.add_price_over<reference::pipe_of_bytes>("pipe_of_bytes");
    comparison<parley::pipe, reference::pipe_of_bytes, large, large_in_a_pipe>(measured, "pipe").add();

    comparison<parley::fifo, reference::fifo, message, small_in_a_pipe> over_fifos(measured, "fifo");
    over_fifos.add<reference::fifo_without_signal>("fifo_without_signal");
    over_fifos.add_price_of_other_bufferings();
    comparison<parley::fifo, reference::fifo_of_bytes, large, large_in_a_pipe>(measured, "fifo").add();

    add_latencies_over<parley::pipe, reference::pipe, 1024>(measured, "pipe");
    add_latencies_of_sizes<parley::pipe, reference::pipe_of_bytes, 16384, 65536>(measured, "pipe");
    add_latencies_over<parley::fifo, reference::fifo, 1024>(measured, "fifo");
    add_latencies_of_sizes<parley::fifo, reference::fifo_of_bytes, 16384, 65536>(measured, "fifo");
}

}  // namespace bench
