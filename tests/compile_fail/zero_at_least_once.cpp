// expect: parley: with zero nothing is kept that at_least_once could give to another receiver:
// expect: write bounded<1>, or at_most_once
#include <parley/parley.hpp>

using refused = parley::channel<int, parley::zero, parley::mailbox_by<parley::at_least_once>>;
static_assert(!refused::description.empty());
