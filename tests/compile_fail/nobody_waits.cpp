// expect: parley: with zero and two nonblocking sides nobody ever waits, and they never meet:
// expect: write blocking for one side, as in sync<nonblocking, blocking>, or bounded<1>
#include <parley/parley.hpp>

using refused = parley::channel<int, parley::zero, parley::nonblocking>;
static_assert(!refused::description.empty());
