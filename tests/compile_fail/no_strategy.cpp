// expect: parley: a side is blocking, nonblocking or blocking_on<strategy> with the strategy spin, condvar or futex:
// expect: write sync<sender_side, receiver_side> with two of these
#include <parley/parley.hpp>

using refused = parley::channel<int, parley::blocking_on<int>>;
static_assert(!refused::description.empty());
