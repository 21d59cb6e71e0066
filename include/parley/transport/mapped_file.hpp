#pragma once

#include <string_view>

#include <parley/lifetime/filesystem.hpp>
#include <parley/segment/file_backing.hpp>
#include <parley/transport/memory/word.hpp>

namespace parley {

/// An ordinary file, mapped (mmap(2)): the channel's name is the file's path. Messages in it are there after a reboot
/// in good order. When the power fails, the file is what the kernel had written back: the last messages may be lost,
/// and among them may be some that are older ones or zeros, unless their codec can tell.
struct mapped_file : transport::memory::word<segment::path_backing> {
    using axis = transport_axis;
    using natural_lifetime = filesystem_lifetime;
    static constexpr std::string_view name = "mapped_file";
    static constexpr transport::capabilities capabilities = [] {
        auto result = transport::memory::common_capabilities;
        result.survives_reboot = true;
        return result;
    }();
};

}  // namespace parley
