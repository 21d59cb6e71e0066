#pragma once

#include <string_view>

#include <parley/lifetime/kernel.hpp>
#include <parley/segment/sysv_backing.hpp>
#include <parley/transport/memory/word.hpp>

namespace parley {

/// System V shared memory (shmget(2)), found through the control file /dev/shm/parley-sysv.NAME; `ipcs -m` lists it.
struct sysv_shm : transport::memory::word<segment::sysv_backing> {
    using axis = transport_axis;
    using natural_lifetime = kernel_lifetime;
    static constexpr std::string_view name = "sysv_shm";
    static constexpr transport::capabilities capabilities = transport::memory::common_capabilities;
};

}  // namespace parley
