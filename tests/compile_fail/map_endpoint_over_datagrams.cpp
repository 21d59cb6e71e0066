// expect: parley: with map or adaptive the pools of an endpoint's links wait under a name, and what is on its way over this
// expect: transport does not: write auto [one, other] = C::pair(), or a transport such as unix_stream, shm or fifo, or port, or
// expect: copy
#include <parley/parley.hpp>

using pictures = parley::channel<int, parley::unix_datagram, parley::direct, parley::map>;

int main() { parley::endpoint<pictures> me{"me"}; }
