#include "product.hpp"

// All 1152 compositions on unix_seqpacket: the rules say of each what the predicate says.

constexpr product::carrier unix_seqpacket_carrier{.tells_of_readers = true, .own_measure = true, .understood = true};

constexpr product::tally unix_seqpacket =
    product::count<parley::unix_seqpacket, product::words_for_the_kernel>(unix_seqpacket_carrier);
constexpr product::tally mapped =
    product::count<parley::unix_seqpacket, product::where_bytes_stay<product::words_for_the_kernel>>(
        unix_seqpacket_carrier);

static_assert(unix_seqpacket.disagree == 0);
static_assert(unix_seqpacket.all == product::all_in_kernel);
static_assert(unix_seqpacket.compile == product::compile_on_unix_seqpacket);

static_assert(mapped.disagree == 0);
static_assert(mapped.all == product::all_mapped_in_kernel);
static_assert(mapped.compile == product::mapped_on_unix_seqpacket);
