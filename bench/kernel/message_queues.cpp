#include "all_series.hpp"
#include "reference/system_calls/queues.hpp"
#include "support/kernel_series.hpp"

namespace bench {

namespace {

/// What fits into the largest unit of a queue, without privileges, behind parley's header.
using large = message_of<8192 - parley::message::frame_header_size>;

}  // namespace

void add_queues(suite& measured) {
    comparison<parley::mqueue, reference::mqueue, message, 8> over_posix(measured, "mqueue");
    over_posix.add();
    over_posix.add_price_of_other_bufferings();
    comparison<parley::mqueue, reference::mqueue, large, 8>(measured, "mqueue").add();

    // Without privileges a queue holds 16 KiB.
    comparison<parley::sysv_mqueue, reference::sysv_mqueue, message, 16> over_system_v(measured, "sysv_mqueue");
    over_system_v.add();
    over_system_v.add_price_of_other_bufferings();
    comparison<parley::sysv_mqueue, reference::sysv_mqueue, large, 2>(measured, "sysv_mqueue").add();

    add_latencies_over<parley::mqueue, reference::mqueue, 1024, sizeof(large)>(measured, "mqueue");
    add_latencies_over<parley::sysv_mqueue, reference::sysv_mqueue, 1024, sizeof(large)>(measured, "sysv_mqueue");
}

}  // namespace bench
