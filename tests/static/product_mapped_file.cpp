#include "product.hpp"

// All 2560 compositions on mapped_file: the rules say of each what the predicate says.

constexpr product::carrier mapped_file_carrier = [] {
    auto result = product::memory;
    result.longest = product::stay::disk;
    return result;
}();

constexpr product::tally mapped_file = product::count<parley::mapped_file, product::every_word>(mapped_file_carrier);
constexpr product::tally mapped =
    product::count<parley::mapped_file, product::where_bytes_stay<product::every_word>>(mapped_file_carrier);

static_assert(mapped_file.disagree == 0);
static_assert(mapped_file.all == product::all_in_memory);
static_assert(mapped_file.compile == product::compile_on_mapped_file);

static_assert(mapped.disagree == 0);
static_assert(mapped.all == product::all_mapped_in_memory);
static_assert(mapped.compile == product::mapped_on_mapped_file);
