// expect: parley: with map both sides find the pool of the messages by the channel's name, and this transport has none:
// expect: write copy, or a transport with names such as fifo or shm
// expect-not: goes with the receiver of a port
#include <parley/parley.hpp>

using refused = parley::channel<int, parley::anonymous_shm, parley::map>;
static_assert(!refused::description.empty());
