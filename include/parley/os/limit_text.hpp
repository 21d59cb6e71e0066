#pragma once

#include <fstream>
#include <string>

namespace parley::os {

/// A limit of the kernel as an error's text tells it: "/proc/sys/fs/mqueue/msg_max allows 10".
[[nodiscard]] inline std::string limit(const std::string& file) {
    std::string value;
    std::ifstream(file) >> value;
    return file + " allows " + (value.empty() ? "fewer" : value);
}

}  // namespace parley::os
