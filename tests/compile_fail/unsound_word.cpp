// expect: parley: a policy names an axis but lacks something that a word of this axis must have:
// expect: see the contract at the top of the axis's concept.hpp
#include <parley/parley.hpp>

struct carrier_pigeon {
    using axis = parley::transport_axis;
};

using refused = parley::channel<int, carrier_pigeon>;
static_assert(!refused::description.empty());
