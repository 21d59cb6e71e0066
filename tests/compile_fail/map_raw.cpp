// expect: parley: with map or adaptive a reference travels, and a program that knows nothing of parley, which raw is for,
// expect: could not follow it: write copy, or leave raw out
#include <parley/parley.hpp>

using refused = parley::channel<int, parley::fifo, parley::port, parley::raw, parley::map>;
static_assert(!refused::description.empty());
