#include "product.hpp"

// All 1152 compositions on rt_signal: the rules say of each what the predicate says.

constexpr product::carrier rt_signal_carrier{.many_writers = false, .narrow = true};
// kill(1) and sigqueue(3) ask nobody.
constexpr product::carrier rt_signal_alone{.loses = true, .own_measure = true, .understood = true};

constexpr product::tally rt_signal =
    product::count<parley::rt_signal, product::words_for_the_kernel>(rt_signal_carrier, rt_signal_alone);
constexpr product::tally mapped =
    product::count<parley::rt_signal, product::where_bytes_stay<product::words_for_the_kernel>>(rt_signal_carrier,
                                                                                                rt_signal_alone);

static_assert(rt_signal.disagree == 0);
static_assert(rt_signal.all == product::all_in_kernel);
static_assert(rt_signal.compile == product::compile_on_rt_signal);

static_assert(mapped.disagree == 0);
static_assert(mapped.all == product::all_mapped_in_kernel);
static_assert(mapped.compile == product::mapped_on_rt_signal);
