// expect: parley: the message holds a pointer or a reference, which means nothing in another process:
// expect: hold the object itself or an index, or specialize parley::codec<T>
#include <parley/parley.hpp>

struct node {
    int value;
    node* next;
};

using nodes = parley::channel<node, parley::direct>;

// One step further from the rule than the other files: the sentence still comes early.
int main() { parley::endpoint<nodes> me{"me"}; }
