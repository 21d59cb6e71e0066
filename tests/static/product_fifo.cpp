#include "product.hpp"

// All 1152 compositions on fifo: the rules say of each what the predicate says.

constexpr product::carrier fifo_carrier{.many_readers = true,
                                        .tells_of_readers = true,
                                        .told_a_number = true,
                                        .in_pages = true,
                                        .own_measure = true,
                                        .understood = true};

constexpr product::tally fifo = product::count<parley::fifo, product::words_for_the_kernel>(fifo_carrier);
constexpr product::tally mapped =
    product::count<parley::fifo, product::where_bytes_stay<product::words_for_the_kernel>>(fifo_carrier);

static_assert(fifo.disagree == 0);
static_assert(fifo.all == product::all_in_kernel);
static_assert(fifo.compile == product::compile_on_fifo);

static_assert(mapped.disagree == 0);
static_assert(mapped.all == product::all_mapped_in_kernel);
static_assert(mapped.compile == product::mapped_on_fifo);
