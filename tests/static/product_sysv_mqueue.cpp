#include "product.hpp"

// All 1152 compositions on sysv_mqueue: the rules say of each what the predicate says.

constexpr product::carrier sysv_mqueue_carrier{.longest = product::stay::kernel,
                                               .many_readers = true,
                                               .tells_of_readers = true,
                                               .told_a_number = true,
                                               .own_measure = true,
                                               .understood = true};

constexpr product::tally sysv_mqueue =
    product::count<parley::sysv_mqueue, product::words_for_the_kernel>(sysv_mqueue_carrier);
constexpr product::tally mapped =
    product::count<parley::sysv_mqueue, product::where_bytes_stay<product::words_for_the_kernel>>(sysv_mqueue_carrier);

static_assert(sysv_mqueue.disagree == 0);
static_assert(sysv_mqueue.all == product::all_in_kernel);
static_assert(sysv_mqueue.compile == product::compile_on_sysv_mqueue);

static_assert(mapped.disagree == 0);
static_assert(mapped.all == product::all_mapped_in_kernel);
static_assert(mapped.compile == product::mapped_on_sysv_mqueue);
