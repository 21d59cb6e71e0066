#pragma once

#include <string_view>

#include <parley/lifetime/owner.hpp>
#include <parley/transport/concept.hpp>
#include <parley/transport/socket/kind.hpp>
#include <parley/transport/socket/stream_word.hpp>

namespace parley {

/// Sockets of this machine that connect and keep the boundaries of packets (unix(7)). Names as of `unix_stream`.
struct unix_seqpacket : transport::socket::stream_word<transport::socket::unix_seqpacket_kind> {
    using axis = transport_axis;
    using natural_lifetime = owner_lifetime;
    static constexpr std::string_view name = transport::socket::unix_seqpacket_kind::name;
    static constexpr transport::capabilities capabilities = [] {
        auto result = transport::socket::common_capabilities;
        result.pairs = true;
        result.passes_descriptors = true;
        result.keeps_boundaries = true;
        return result;
    }();
};

}  // namespace parley
