// expect: parley: with map or adaptive the links of endpoints have pools that wait for the process that comes back, and what is
// expect: in a connection does not: write auto [one, other] = C::pair(), or a transport such as shm, mqueue or fifo, or port, or
// expect: copy
#include <parley/parley.hpp>

using pictures = parley::channel<int, parley::unix_stream, parley::direct, parley::map>;

int main() { parley::endpoint<pictures> me{"me"}; }
