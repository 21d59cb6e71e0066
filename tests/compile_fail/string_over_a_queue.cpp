// expect: parley: the message cannot be copied byte by byte:
// expect-not: incomplete type
#include <string>

#include <parley/parley.hpp>

using refused = parley::channel<std::string, parley::mqueue, parley::adaptive<>>;
static_assert(!refused::description.empty());
