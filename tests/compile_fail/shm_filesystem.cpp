// expect: parley: filesystem_lifetime needs a transport that is a file, and this one does not survive a reboot:
// expect: write mapped_file, or kernel_lifetime or owner_lifetime
#include <parley/parley.hpp>

using refused = parley::channel<int, parley::shm, parley::filesystem_lifetime>;
static_assert(!refused::description.empty());
