#include "product.hpp"

// All 2560 compositions on anonymous_shm: the rules say of each what the predicate says.

constexpr product::carrier anonymous_carrier = [] {
    auto result = product::memory;
    result.has_name = false;
    return result;
}();

constexpr product::tally anonymous_shm = product::count<parley::anonymous_shm, product::every_word>(anonymous_carrier);
constexpr product::tally mapped =
    product::count<parley::anonymous_shm, product::where_bytes_stay<product::every_word>>(anonymous_carrier);

static_assert(anonymous_shm.disagree == 0);
static_assert(anonymous_shm.all == product::all_in_memory);
static_assert(anonymous_shm.compile == product::compile_on_anonymous_shm);

static_assert(mapped.disagree == 0);
static_assert(mapped.all == product::all_mapped_in_memory);
static_assert(mapped.compile == product::mapped_on_anonymous_shm);
