// expect: parley: this transport goes with the last process that holds it, and kernel_lifetime is to stay after that:
// expect: write owner_lifetime or nothing, or a transport that stays such as shm
#include <parley/parley.hpp>

using refused = parley::channel<int, parley::anonymous_shm, parley::kernel_lifetime>;
static_assert(!refused::description.empty());
