#include "product.hpp"

// All 1152 compositions on udp: the rules say of each what the predicate says.

constexpr product::carrier udp_carrier{.loses = true, .own_measure = true, .understood = true, .may_lead_away = true};

constexpr product::tally udp = product::count<parley::udp, product::words_for_the_kernel>(udp_carrier);
constexpr product::tally mapped =
    product::count<parley::udp, product::where_bytes_stay<product::words_for_the_kernel>>(udp_carrier);

static_assert(udp.disagree == 0);
static_assert(udp.all == product::all_in_kernel);
static_assert(udp.compile == product::compile_on_udp);

static_assert(mapped.disagree == 0);
static_assert(mapped.all == product::all_mapped_in_kernel);
static_assert(mapped.compile == product::mapped_on_udp);
