#pragma once

#include <string_view>

#include <parley/lifetime/owner.hpp>
#include <parley/transport/concept.hpp>
#include <parley/transport/socket/kind.hpp>
#include <parley/transport/socket/stream_word.hpp>

namespace parley {

/// Stream sockets of this machine (unix(7)). The channel `orders` is the socket `orders.sock` in the user's runtime
/// directory; a name with a '/' is a path, and `@orders` an abstract address (transport/socket/address.hpp).
struct unix_stream : transport::socket::stream_word<transport::socket::unix_stream_kind> {
    using axis = transport_axis;
    using natural_lifetime = owner_lifetime;
    static constexpr std::string_view name = transport::socket::unix_stream_kind::name;
    static constexpr transport::capabilities capabilities = [] {
        auto result = transport::socket::common_capabilities;
        result.pairs = true;
        result.passes_descriptors = true;
        return result;
    }();
};

}  // namespace parley
