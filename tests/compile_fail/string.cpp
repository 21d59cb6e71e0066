// expect: parley: the message cannot be copied byte by byte:
// expect: specialize parley::codec<T> for it, or send parley::bytes<Max>
#include <string>

#include <parley/parley.hpp>

using refused = parley::channel<std::string, parley::shm>;
static_assert(!refused::description.empty());
