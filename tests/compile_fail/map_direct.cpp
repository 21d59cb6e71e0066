// expect: parley: with map or adaptive a mailbox or a port has a pool for its messages, and the links of direct have none yet:
// expect: write mailbox or port, or copy
// expect-not: larger than what this transport carries
#include <parley/parley.hpp>

using refused = parley::channel<int, parley::rt_signal, parley::direct, parley::map>;
static_assert(!refused::description.empty());
