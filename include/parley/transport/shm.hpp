#pragma once

#include <string_view>

#include <parley/lifetime/kernel.hpp>
#include <parley/segment/file_backing.hpp>
#include <parley/transport/memory/word.hpp>

namespace parley {

/// POSIX shared memory (shm_overview(7)): the channel `orders` is the object `/parley.orders`. The default transport.
struct shm : transport::memory::word<segment::posix_backing> {
    using axis = transport_axis;
    using natural_lifetime = kernel_lifetime;
    static constexpr std::string_view name = "shm";
    static constexpr transport::capabilities capabilities = transport::memory::common_capabilities;
};

}  // namespace parley
