// expect: parley: two policies answer the same question, such as two transports or two bufferings:
// expect: keep one of them
#include <parley/parley.hpp>

using refused = parley::channel<int, parley::blocking, parley::blocking>;
static_assert(!refused::description.empty());
