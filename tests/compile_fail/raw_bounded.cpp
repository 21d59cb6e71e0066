// expect: parley: with raw nothing but the messages travels, so nobody counts them or answers:
// expect: write bounded_by_kernel or unbounded, or leave raw out
#include <parley/parley.hpp>

using refused = parley::channel<int, parley::tcp, parley::port, parley::raw, parley::bounded<8>>;
static_assert(!refused::description.empty());
