#include <type_traits>

#include <parley/channel.hpp>

// The words that need not be said come with the channel; those that must be said come with their own headers.

namespace channel_alone {

using plain = parley::channel<int>;

static_assert(std::is_same_v<plain::transport, parley::shm>);
static_assert(std::is_same_v<plain::addressing, parley::mailbox>);
static_assert(std::is_same_v<plain::synchronization, parley::blocking>);
static_assert(std::is_same_v<plain::buffering, parley::bounded<1024>>);
static_assert(std::is_same_v<plain::payload, parley::copy>);

template <class Word>
concept complete = requires {
    sizeof(Word);
};
static_assert(complete<parley::shm> && complete<parley::condvar>);
static_assert(!complete<parley::spin>);

int through() {
    parley::sender<plain> out{"numbers"};
    parley::receiver<plain> in{"numbers"};
    out.send(1);
    return in.receive();
}

}  // namespace channel_alone
