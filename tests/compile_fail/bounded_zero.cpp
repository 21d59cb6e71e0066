// expect: parley: bounded<0> holds no message:
// expect: write zero for a rendezvous, or bounded<N> with N of 1 or more
#include <parley/parley.hpp>

using refused = parley::channel<int, parley::bounded<0>>;
static_assert(!refused::description.empty());
