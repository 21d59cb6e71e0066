#include "product.hpp"

// All 1152 compositions on unix_stream: the rules say of each what the predicate says.

constexpr product::carrier unix_stream_carrier{.tells_of_readers = true, .own_measure = true, .understood = true};

constexpr product::tally unix_stream =
    product::count<parley::unix_stream, product::words_for_the_kernel>(unix_stream_carrier);
constexpr product::tally mapped =
    product::count<parley::unix_stream, product::where_bytes_stay<product::words_for_the_kernel>>(unix_stream_carrier);

static_assert(unix_stream.disagree == 0);
static_assert(unix_stream.all == product::all_in_kernel);
static_assert(unix_stream.compile == product::compile_on_unix_stream);

static_assert(mapped.disagree == 0);
static_assert(mapped.all == product::all_mapped_in_kernel);
static_assert(mapped.compile == product::mapped_on_unix_stream);
