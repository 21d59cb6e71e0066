// expect: parley: a port belongs to its receiver and goes with it:
// expect: write owner_lifetime or nothing, or mailbox for what is to stay
#include <parley/parley.hpp>

using refused = parley::channel<int, parley::port, parley::mapped_file, parley::filesystem_lifetime>;
static_assert(!refused::description.empty());
