// expect: parley: with map or adaptive the message stays in this machine's memory, and this transport may lead to another
// expect: machine: write copy, or a transport of this machine such as unix_stream or shm
#include <parley/parley.hpp>

using refused = parley::channel<int, parley::tcp, parley::port, parley::map>;
static_assert(!refused::description.empty());
