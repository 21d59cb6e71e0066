#include "product.hpp"

// All 2560 compositions on sysv_shm: the rules say of each what the predicate says.

constexpr product::carrier sysv_shm_carrier = [] {
    auto result = product::memory;
    result.longest = product::stay::kernel;
    return result;
}();

constexpr product::tally sysv_shm = product::count<parley::sysv_shm, product::every_word>(sysv_shm_carrier);
constexpr product::tally mapped =
    product::count<parley::sysv_shm, product::where_bytes_stay<product::every_word>>(sysv_shm_carrier);

static_assert(sysv_shm.disagree == 0);
static_assert(sysv_shm.all == product::all_in_memory);
static_assert(sysv_shm.compile == product::compile_on_sysv_shm);

static_assert(mapped.disagree == 0);
static_assert(mapped.all == product::all_mapped_in_memory);
static_assert(mapped.compile == product::mapped_on_sysv_shm);
