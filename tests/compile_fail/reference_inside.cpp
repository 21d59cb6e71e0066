// expect: parley: the message holds a pointer or a reference, which means nothing in another process:
// expect: hold the object itself or an index, or specialize parley::codec<T>
#include <parley/parley.hpp>

struct refers {
    int& value;
};

using refused = parley::channel<refers>;
static_assert(!refused::description.empty());
