// expect: parley: the message is a pointer or a reference, which means nothing in another process:
// expect: send the object itself
#include <parley/parley.hpp>

using refused = parley::channel<int&, parley::shm>;
static_assert(!refused::description.empty());
