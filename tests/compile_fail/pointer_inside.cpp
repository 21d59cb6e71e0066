// expect: parley: the message holds a pointer or a reference, which means nothing in another process:
// expect: hold the object itself or an index, or specialize parley::codec<T>
#include <parley/parley.hpp>

struct node {
    int value;
    node* next;
};

using refused = parley::channel<node>;
static_assert(!refused::description.empty());
