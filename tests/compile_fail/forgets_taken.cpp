// expect: parley: this transport forgets a message when a receiver takes it, and cannot give it to another when that
// expect: one dies:
// expect: write at_most_once, or a transport in memory such as shm
#include <string_view>

#include <parley/parley.hpp>

// A transport of its own: the rule asks for capabilities and never for a name.
struct line {
    using axis = parley::transport_axis;
    using natural_lifetime = parley::owner_lifetime;
    static constexpr std::string_view name = "line";
    static constexpr parley::transport::capabilities capabilities{.many_senders = true, .many_receivers = true};
};

using refused = parley::channel<int, line, parley::mailbox_by<parley::at_least_once>>;
static_assert(!refused::description.empty());
