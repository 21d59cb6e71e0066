// expect: parley: this transport has one sender at a time, and a mailbox or a port has many:
// expect: write direct, or a transport in memory such as shm
#include <string_view>

#include <parley/parley.hpp>

// A transport of its own: the rule asks for capabilities and never for a name.
struct line {
    using axis = parley::transport_axis;
    using natural_lifetime = parley::owner_lifetime;
    static constexpr std::string_view name = "line";
    static constexpr parley::transport::capabilities capabilities{.ordered = true};
};

using refused = parley::channel<int, line, parley::port>;
static_assert(!refused::description.empty());
