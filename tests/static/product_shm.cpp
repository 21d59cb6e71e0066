#include "product.hpp"

// All 2048 compositions on shm: the rules say of each what the predicate says.

constexpr product::tally shm = product::count<parley::shm>(product::carrier::memory_with_a_name);

static_assert(shm.disagree == 0);
static_assert(shm.compile == product::compile_on_shm);
static_assert(shm.refused == product::all - product::compile_on_shm);
