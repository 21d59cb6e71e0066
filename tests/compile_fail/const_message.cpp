// expect: parley: the message is const or volatile:
// expect: write the type without it
#include <parley/parley.hpp>

using refused = parley::channel<const int>;
static_assert(!refused::description.empty());
