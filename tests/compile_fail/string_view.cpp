// expect: parley: the message holds a pointer or a reference, which means nothing in another process:
// expect: hold the object itself or an index, or specialize parley::codec<T>
#include <string_view>

#include <parley/parley.hpp>

using refused = parley::channel<std::string_view>;
static_assert(!refused::description.empty());
