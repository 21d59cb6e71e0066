// expect: parley: this transport is a pipe, whose pages are a power of two, and so must N be for the bound to be exact:
// expect: write bounded<N> with N of 1, 2, 4, 8, ...
#include <parley/parley.hpp>

using refused = parley::channel<int, parley::fifo, parley::bounded<10>>;
static_assert(!refused::description.empty());
