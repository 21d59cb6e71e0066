// expect: parley: the message is void, an array, a function or a type not yet defined:
// expect: write a complete type, and for an array std::array or a struct around it
#include <parley/parley.hpp>

using refused = parley::channel<int[8]>;
static_assert(!refused::description.empty());
