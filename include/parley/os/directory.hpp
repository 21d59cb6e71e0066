#pragma once

#include <memory>
#include <string_view>

#include <dirent.h>

namespace parley::os {

/// Calls `visit(name)` with the name of each entry of a directory but `.` and `..` (readdir(3)). False where it cannot
/// be opened.
template <class Visit>
bool for_each_entry(const char* directory, Visit visit) {
    struct closing {
        void operator()(DIR* opened) const noexcept { ::closedir(opened); }
    };
    const std::unique_ptr<DIR, closing> opened(::opendir(directory));
    while (const auto* entry = opened ? ::readdir(opened.get()) : nullptr) {
        const std::string_view name = entry->d_name;
        if (name != "." && name != "..") {
            visit(name);
        }
    }
    return opened != nullptr;
}

}  // namespace parley::os
