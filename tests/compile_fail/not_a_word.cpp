// expect: parley: a policy is no word of any axis:
// expect: write transports, addressings, ... such as shm, mailbox, blocking, bounded<1024>, kernel_lifetime; a
// expect: selection or delivery goes into mailbox_by<...>, a wait strategy into blocking_on<...>
#include <parley/parley.hpp>

using refused = parley::channel<int, parley::shm, int>;
static_assert(!refused::description.empty());
