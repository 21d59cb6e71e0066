#include "product.hpp"

// All 2048 compositions on sysv_shm: the rules say of each what the predicate says.

constexpr product::tally sysv_shm = product::count<parley::sysv_shm>(product::carrier::memory_with_a_name);

static_assert(sysv_shm.disagree == 0);
static_assert(sysv_shm.compile == product::compile_on_sysv_shm);
static_assert(sysv_shm.refused == product::all - product::compile_on_sysv_shm);
