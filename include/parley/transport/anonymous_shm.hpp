#pragma once

#include <string_view>

#include <parley/lifetime/owner.hpp>
#include <parley/segment/file_backing.hpp>
#include <parley/transport/memory/word.hpp>

namespace parley {

/// Shared memory without a name (memfd_create(2)), for related processes: made by `channel::pair()`, inherited across
/// fork, or handed on by descriptor. It goes with its last holder.
struct anonymous_shm : transport::memory::word<segment::file_backing> {
    using axis = transport_axis;
    using natural_lifetime = owner_lifetime;
    static constexpr std::string_view name = "anonymous_shm";
    static constexpr transport::capabilities capabilities = [] {
        auto result = transport::memory::common_capabilities;
        result.named = false;
        result.pairs = true;
        result.survives_processes = false;
        return result;
    }();
};

}  // namespace parley
