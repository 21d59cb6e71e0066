#pragma once

#include <filesystem>
#include <fstream>
#include <set>
#include <sstream>
#include <string>
#include <string_view>

#include <sys/types.h>

/// What processes may leave behind: files with a name of theirs, and System V segments.

namespace parley::test {

/// Files in `directory` whose name contains `part`.
inline std::set<std::string> files_named(std::string_view part, const std::string& directory = "/dev/shm") {
    std::set<std::string> result;
    for (const auto& each : std::filesystem::directory_iterator(directory)) {
        if (const auto name = each.path().filename().string(); name.find(part) != name.npos) {
            result.insert(name);
        }
    }
    return result;
}

/// The numbers of all System V segments for which `wanted(creator)`.
template <class Wanted>
std::set<int> segments_where(Wanted wanted) {
    std::set<int> result;
    std::ifstream in("/proc/sysvipc/shm");
    std::string line;
    std::getline(in, line);  // the headings
    while (std::getline(in, line)) {
        std::istringstream fields(line);
        long key = 0;
        int identifier = 0;
        std::string permissions;
        long size = 0;
        ::pid_t creator = 0;
        if (fields >> key >> identifier >> permissions >> size >> creator && wanted(creator)) {
            result.insert(identifier);
        }
    }
    return result;
}

/// All there are.
inline std::set<int> segments() {
    return segments_where([](::pid_t) { return true; });
}

/// Those that one of these processes created, but for those that were there `before`: the kernel gives the numbers of
/// processes again.
inline std::set<int> segments_of(const std::set<::pid_t>& creators, const std::set<int>& before) {
    auto result = segments_where([&](::pid_t creator) { return creators.contains(creator); });
    for (const int each : before) {
        result.erase(each);
    }
    return result;
}

}  // namespace parley::test
