#pragma once

#include <cerrno>
#include <cstddef>
#include <string>

#include <unistd.h>

#include <parley/os/error.hpp>

namespace parley::os {

/// The directory that relative paths begin at (getcwd(3)).
[[nodiscard]] inline std::string working_directory() {
    for (std::string result(256, '\0');; result.resize(2 * result.size())) {
        if (::getcwd(result.data(), result.size()) != nullptr) {
            result.resize(result.find('\0'));
            return result;
        }
        if (errno != ERANGE) {
            throw_system(errno, "asking for the working directory");
        }
    }
}

}  // namespace parley::os
