#pragma once

#include "support/suite.hpp"

namespace bench {

// In the order in which they run. What is compared with each other is best registered side by side.
void add_ping_pongs(suite& measured);
void add_direct_streams(suite& measured);
void add_mailbox_streams(suite& measured);
void add_sleeping_ping_pongs(suite& measured);
void add_bars(suite& measured);

}  // namespace bench
