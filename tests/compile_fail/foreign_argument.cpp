// expect: parley: mailbox_by takes one selection (any, round_robin or exclusive) and one delivery (at_most_once or
// expect: at_least_once):
// expect: remove what is there twice or is neither
#include <parley/parley.hpp>

using refused = parley::channel<int, parley::mailbox_by<parley::spin>>;
static_assert(!refused::description.empty());
