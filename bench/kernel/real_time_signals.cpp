#include "all_series.hpp"
#include "reference/system_calls/signals.hpp"
#include "support/kernel_series.hpp"

#include <parley/transport/rt_signal.hpp>

namespace bench {

void add_signals(suite& measured) {
    comparison<parley::rt_signal, reference::rt_signal, number_message, 32> over_signals(measured, "rt_signal");
    over_signals.add();
    over_signals.add_price_of_other_bufferings();
    over_signals.add_latency();
    over_signals.add_sleeping_latency();
}

}  // namespace bench
