#pragma once

#include <filesystem>
#include <iterator>

namespace parley::test {

/// How many descriptors this process has open.
[[nodiscard]] inline auto open_files() {
    return std::distance(std::filesystem::directory_iterator("/proc/self/fd"), {});
}

}  // namespace parley::test
