#include "product.hpp"

// All 2048 compositions on mapped_file: the rules say of each what the predicate says.

constexpr product::tally mapped_file = product::count<parley::mapped_file>(product::carrier::file);

static_assert(mapped_file.disagree == 0);
static_assert(mapped_file.compile == product::compile_on_mapped_file);
static_assert(mapped_file.refused == product::all - product::compile_on_mapped_file);
