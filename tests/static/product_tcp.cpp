#include "product.hpp"

// All 1152 compositions on tcp: the rules say of each what the predicate says.

constexpr product::carrier tcp_carrier{
    .tells_of_readers = true, .own_measure = true, .understood = true, .may_lead_away = true};

constexpr product::tally tcp = product::count<parley::tcp, product::words_for_the_kernel>(tcp_carrier);
constexpr product::tally mapped =
    product::count<parley::tcp, product::where_bytes_stay<product::words_for_the_kernel>>(tcp_carrier);

static_assert(tcp.disagree == 0);
static_assert(tcp.all == product::all_in_kernel);
static_assert(tcp.compile == product::compile_on_tcp);

static_assert(mapped.disagree == 0);
static_assert(mapped.all == product::all_mapped_in_kernel);
static_assert(mapped.compile == product::mapped_on_tcp);
