// expect: parley: with map or adaptive the pool of the messages lies in memory, and goes with the receiver of a port, with the
// expect: two sides of a link, or with the kernel: write port, direct with owner_lifetime, or kernel_lifetime over a transport
// expect: that is no file
#include <parley/parley.hpp>

using refused = parley::channel<int, parley::mapped_file, parley::map>;
static_assert(!refused::description.empty());
