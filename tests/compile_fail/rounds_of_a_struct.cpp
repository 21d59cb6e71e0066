// expect: parley: a round is a message of variable size: write parley::bytes<Max> for the channel's message
#include <parley/parley.hpp>

using numbers = parley::channel<int, parley::direct>;

void refused(parley::link<numbers> to_peer) { parley::rounds bodies{std::move(to_peer)}; }
