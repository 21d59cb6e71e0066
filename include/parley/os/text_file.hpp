#pragma once

#include <array>
#include <cstddef>
#include <string>

#include <fcntl.h>
#include <unistd.h>

#include <parley/os/descriptor.hpp>

namespace parley::os {

/// What a file says, one of /proc for instance; nothing where it cannot be read.
[[nodiscard]] inline std::string text_of_file(const std::string& path) {
    std::string result;
    const descriptor file{uninterrupted([&] { return ::open(path.c_str(), O_RDONLY | O_CLOEXEC); })};
    std::array<char, 4096> part;
    for (;;) {
        const auto size = uninterrupted([&] { return ::read(file.get(), part.data(), part.size()); });
        if (size <= 0) {
            return result;
        }
        result.append(part.data(), static_cast<std::size_t>(size));
    }
}

}  // namespace parley::os
