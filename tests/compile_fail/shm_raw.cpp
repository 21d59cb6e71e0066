// expect: parley: raw is for programs that know nothing of parley, and none of them can use this transport:
// expect: write one that they can, such as fifo, mqueue or tcp, or leave raw out
#include <parley/parley.hpp>

using refused = parley::channel<int, parley::shm, parley::raw>;
static_assert(!refused::description.empty());
