// expect: parley: in this transport the kernel gives a message to whoever asks first, so no receiver can be picked:
// expect: write mailbox without round_robin or exclusive, or a transport in memory such as shm
#include <parley/parley.hpp>

using refused = parley::channel<int, parley::mqueue, parley::mailbox_by<parley::round_robin>>;
static_assert(!refused::description.empty());
