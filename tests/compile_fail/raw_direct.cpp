// expect: parley: with direct each side gives its name, and a program that knows nothing of parley, which raw is for,
// expect: gives none:
// expect: write port or mailbox
#include <parley/parley.hpp>

using refused = parley::channel<int, parley::tcp, parley::direct, parley::raw>;
static_assert(!refused::description.empty());
