// expect: parley: with zero a sender must learn that a receiver takes its message now, and over this transport nothing
// expect: tells it:
// expect: write bounded<1>, or a transport such as unix_stream, mqueue or shm
#include <parley/parley.hpp>

using refused = parley::channel<int, parley::udp, parley::port, parley::zero>;
static_assert(!refused::description.empty());
