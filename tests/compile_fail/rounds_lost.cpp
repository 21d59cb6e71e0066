// expect: parley: this transport may lose messages, and a body in rounds needs each of them: write tcp
#include <parley/parley.hpp>

using refused = parley::rounds<parley::channel<parley::bytes<1000>, parley::udp, parley::direct>>;
static_assert(sizeof(refused) > 0);
