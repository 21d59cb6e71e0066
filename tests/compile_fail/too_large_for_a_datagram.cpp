// expect: parley: the message is larger than what this transport carries in one piece, and parts of it could be lost or
// expect: mix with those of another sender:
// expect: send a smaller message or, with adaptive, write a lower threshold; or write direct with a queue or a pipe, or a
// expect: transport such as tcp or shm
#include <parley/parley.hpp>

using refused = parley::channel<parley::bytes<100'000>, parley::udp, parley::port>;
static_assert(!refused::description.empty());
