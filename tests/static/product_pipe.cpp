#include "product.hpp"

// All 1152 compositions on pipe: the rules say of each what the predicate says.

constexpr product::carrier pipe_carrier{
    .tells_of_readers = true, .told_a_number = true, .in_pages = true, .has_name = false};

constexpr product::tally pipe_tally = product::count<parley::pipe, product::words_for_the_kernel>(pipe_carrier);
constexpr product::tally mapped =
    product::count<parley::pipe, product::where_bytes_stay<product::words_for_the_kernel>>(pipe_carrier);

static_assert(pipe_tally.disagree == 0);
static_assert(pipe_tally.all == product::all_in_kernel);
static_assert(pipe_tally.compile == product::compile_on_pipe);

static_assert(mapped.disagree == 0);
static_assert(mapped.all == product::all_mapped_in_kernel);
static_assert(mapped.compile == product::mapped_on_pipe);
