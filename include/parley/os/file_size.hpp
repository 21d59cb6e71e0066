#pragma once

#include <cerrno>
#include <cstdint>
#include <string>

#include <sys/resource.h>

#include <parley/os/error.hpp>

namespace parley::os {

/// What to do about a file that may not be as large as it has to be.
inline constexpr auto file_size_remedy = "see the limit of file sizes (ulimit -f)";

/// Throws if no file of this process may have `size` bytes. Before a file grows: the kernel refuses with a signal that
/// ends the process (SIGXFSZ, setrlimit(2)).
inline void check_file_size(std::uint64_t size, const std::string& what) {
    ::rlimit limit{};
    if (::getrlimit(RLIMIT_FSIZE, &limit) == 0 && limit.rlim_cur != RLIM_INFINITY && size > limit.rlim_cur) {
        throw_system(EFBIG, what, file_size_remedy);
    }
}

}  // namespace parley::os
