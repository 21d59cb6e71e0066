#include "product.hpp"

// All 1152 compositions on unix_datagram: the rules say of each what the predicate says.

constexpr product::carrier unix_datagram_carrier{.own_measure = true, .understood = true};

constexpr product::tally unix_datagram =
    product::count<parley::unix_datagram, product::words_for_the_kernel>(unix_datagram_carrier);
constexpr product::tally mapped =
    product::count<parley::unix_datagram, product::where_bytes_stay<product::words_for_the_kernel>>(
        unix_datagram_carrier);

static_assert(unix_datagram.disagree == 0);
static_assert(unix_datagram.all == product::all_in_kernel);
static_assert(unix_datagram.compile == product::compile_on_unix_datagram);

static_assert(mapped.disagree == 0);
static_assert(mapped.all == product::all_mapped_in_kernel);
static_assert(mapped.compile == product::mapped_on_unix_datagram);
