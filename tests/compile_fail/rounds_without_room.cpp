// expect: parley: a round has a header of 24 bytes and needs room for a part beside it:
// expect: write parley::bytes<Max> with 25 or more
#include <parley/parley.hpp>

using refused = parley::rounds<parley::channel<parley::bytes<24>, parley::direct>>;
static_assert(sizeof(refused) > 0);
