// expect: parley: with map or adaptive the pool of the messages lies in memory, and goes with the receiver of a port, or with
// expect: the kernel: write port, or a mailbox with kernel_lifetime over a transport that is no file
#include <parley/parley.hpp>

using refused = parley::channel<int, parley::mapped_file, parley::map>;
static_assert(!refused::description.empty());
