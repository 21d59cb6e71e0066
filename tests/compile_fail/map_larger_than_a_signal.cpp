// expect: parley: with map or adaptive a reference of 24 bytes travels, and this transport has no room for that in one piece:
// expect: write copy, or another transport such as shm
// expect-not: larger than what this transport carries
#include <parley/parley.hpp>

using refused = parley::channel<int, parley::rt_signal, parley::direct, parley::map>;
static_assert(!refused::description.empty());
