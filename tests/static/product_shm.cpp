#include "product.hpp"

// All 2560 compositions on shm: the rules say of each what the predicate says.

constexpr product::carrier shm_carrier = [] {
    auto result = product::memory;
    result.longest = product::stay::kernel;
    return result;
}();

constexpr product::tally shm = product::count<parley::shm, product::every_word>(shm_carrier);
constexpr product::tally mapped =
    product::count<parley::shm, product::where_bytes_stay<product::every_word>>(shm_carrier);

static_assert(shm.disagree == 0);
static_assert(shm.all == product::all_in_memory);
static_assert(shm.compile == product::compile_on_shm);

static_assert(mapped.disagree == 0);
static_assert(mapped.all == product::all_mapped_in_memory);
static_assert(mapped.compile == product::mapped_on_shm);
