// expect: parley: this transport is a file, which outlives the kernel:
// expect: write filesystem_lifetime or owner_lifetime instead of kernel_lifetime, or shm
#include <parley/parley.hpp>

using refused = parley::channel<int, parley::mapped_file, parley::kernel_lifetime>;
static_assert(!refused::description.empty());
