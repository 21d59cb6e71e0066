// expect: parley: the message has room for 0 bytes:
// expect: write bytes<Max> or a codec's max_size with 1 or more, or an empty struct for a bare signal
#include <parley/parley.hpp>

using refused = parley::channel<parley::bytes<0>>;
static_assert(!refused::description.empty());
