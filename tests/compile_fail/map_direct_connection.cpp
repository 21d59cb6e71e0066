// expect: parley: with map or adaptive a direct link has pools that wait for the process that comes back, and what is in a
// expect: connection does not: write port, or direct over a transport such as shm, mqueue or fifo, or copy
#include <parley/parley.hpp>

using refused = parley::channel<int, parley::unix_stream, parley::direct, parley::map>;
static_assert(!refused::description.empty());
