// expect: parley: at_least_once gives a dead receiver's message to another, and this addressing has one receiver:
// expect: write mailbox_by<at_least_once>, or at_most_once
#include <parley/parley.hpp>

struct careful_port : parley::port {
    using delivery = parley::at_least_once;
};

using refused = parley::channel<int, careful_port>;
static_assert(!refused::description.empty());
