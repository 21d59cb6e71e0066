#include "product.hpp"

// All 2560 compositions on anonymous_shm: the rules say of each what the predicate says.

constexpr product::tally anonymous_shm = product::count<parley::anonymous_shm, product::every_word>(product::memory);

static_assert(anonymous_shm.disagree == 0);
static_assert(anonymous_shm.all == product::all_in_memory);
static_assert(anonymous_shm.compile == product::compile_on_anonymous_shm);
