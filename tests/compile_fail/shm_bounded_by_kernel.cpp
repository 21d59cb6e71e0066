// expect: parley: bounded_by_kernel leaves the bound to a buffer that the kernel measures in its own way, and this
// expect: transport has none:
// expect: write bounded<N>, or a socket such as unix_stream
#include <parley/parley.hpp>

using refused = parley::channel<int, parley::shm, parley::bounded_by_kernel>;
static_assert(!refused::description.empty());
