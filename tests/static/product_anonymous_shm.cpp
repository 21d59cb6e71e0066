#include "product.hpp"

// All 2048 compositions on anonymous_shm: the rules say of each what the predicate says.

constexpr product::tally anonymous_shm = product::count<parley::anonymous_shm>(product::carrier::memory_without_a_name);

static_assert(anonymous_shm.disagree == 0);
static_assert(anonymous_shm.compile == product::compile_on_anonymous_shm);
static_assert(anonymous_shm.refused == product::all - product::compile_on_anonymous_shm);
