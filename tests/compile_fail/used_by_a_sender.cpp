// expect: parley: with zero and two nonblocking sides nobody ever waits, and they never meet:
// expect: write blocking for one side, as in sync<nonblocking, blocking>, or bounded<1>
#include <parley/parley.hpp>

struct order {
    int id;
};

using orders = parley::channel<order, parley::zero, parley::nonblocking>;

// One step further from the rule than the other files: the sentence still comes early.
int main() {
    parley::sender<orders> out{"orders"};
    static_cast<void>(out.send({.id = 1}));
}
