// expect: parley: the message holds a pointer or a reference, which means nothing in another process:
// expect: hold the object itself or an index, or specialize parley::codec<T>
#include <array>

#include <parley/parley.hpp>

struct inner {
    const char* text;
};
struct outer {
    int value;
    std::array<inner, 4> inside[2];
};

using refused = parley::channel<outer>;
static_assert(!refused::description.empty());
