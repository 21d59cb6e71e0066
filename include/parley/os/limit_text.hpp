#pragma once

#include <string>

#include <parley/os/text_file.hpp>

namespace parley::os {

/// A limit of the kernel as an error's text tells it: "/proc/sys/fs/mqueue/msg_max allows 10".
[[nodiscard]] inline std::string limit(const std::string& file) {
    const auto text = text_of_file(file);
    const auto value = text.substr(0, text.find_first_of(" \t\n"));
    return file + " allows " + (value.empty() ? "fewer" : value);
}

}  // namespace parley::os
