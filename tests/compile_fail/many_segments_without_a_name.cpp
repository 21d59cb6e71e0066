// expect: parley: with many_segments the blocks of a pool have names that are made from the pool's, and this channel's
// expect: pools have none:
// expect: write map, or a transport with names such as shm, or port
#include <parley/parley.hpp>

using refused = parley::channel<int, parley::anonymous_shm, parley::port, parley::map_by<parley::many_segments>>;
static_assert(!refused::description.empty());
