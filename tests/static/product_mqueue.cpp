#include "product.hpp"

// All 1152 compositions on mqueue: the rules say of each what the predicate says.

constexpr product::carrier mqueue_carrier{.longest = product::stay::kernel,
                                          .many_readers = true,
                                          .tells_of_readers = true,
                                          .told_a_number = true,
                                          .own_measure = true,
                                          .understood = true};

constexpr product::tally mqueue = product::count<parley::mqueue, product::words_for_the_kernel>(mqueue_carrier);
constexpr product::tally mapped =
    product::count<parley::mqueue, product::where_bytes_stay<product::words_for_the_kernel>>(mqueue_carrier);

static_assert(mqueue.disagree == 0);
static_assert(mqueue.all == product::all_in_kernel);
static_assert(mqueue.compile == product::compile_on_mqueue);

static_assert(mapped.disagree == 0);
static_assert(mapped.all == product::all_mapped_in_kernel);
static_assert(mapped.compile == product::mapped_on_mqueue);
