// expect: parley: with map or adaptive both sides find the pool of the messages by the channel's name, and this transport
// expect: has none: write copy, or a transport with names such as fifo or shm
// expect-not: goes with the receiver of a port
#include <parley/parley.hpp>

using refused = parley::channel<int, parley::anonymous_shm, parley::map>;
static_assert(!refused::description.empty());
