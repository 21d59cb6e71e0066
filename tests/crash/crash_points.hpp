#pragma once

#include <algorithm>
#include <array>
#include <atomic>
#include <csignal>
#include <cstddef>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include <unistd.h>

#include <parley/os/crash_point.hpp>

#include "support/shared.hpp"

/// What the crash tests know of PARLEY_CRASH_POINT: which there are in the sources, which a process passes, and how to
/// die at one.

namespace parley::test {

/// How often each crash point was passed, by name; written by a process that may die at any moment.
class passes {
public:
    void note(const char* where) noexcept {
        for (auto& each : entries_) {
            auto* known = each.where.load(std::memory_order_relaxed);
            if (known == nullptr && each.where.compare_exchange_strong(known, where)) {
                known = where;
            }
            if (known == where || std::strcmp(known, where) == 0) {
                each.count.fetch_add(1, std::memory_order_relaxed);
                return;
            }
        }
    }

    /// Literals lie at the same address in a parent and its forked children.
    [[nodiscard]] std::vector<const char*> names() const {
        std::vector<const char*> result;
        for (const auto& each : entries_) {
            if (const auto* where = each.where.load(); where != nullptr) {
                result.push_back(where);
            }
        }
        return result;
    }

    void clear() noexcept {
        for (auto& each : entries_) {
            each.where.store(nullptr);
            each.count.store(0);
        }
    }

private:
    struct entry {
        std::atomic<const char*> where{nullptr};
        std::atomic<unsigned> count{0};
    };
    std::array<entry, 64> entries_;
};

/// The order to die: where, and at which passing.
struct sentence {
    const char* where = nullptr;
    unsigned passing = 1;
};

namespace crash_detail {
inline passes* noted = nullptr;
inline sentence pending;

inline void note_hook(const char* where) { noted->note(where); }

inline void die_hook(const char* where) {
    if (std::strcmp(where, pending.where) == 0 && --pending.passing == 0) {
        ::kill(::getpid(), SIGKILL);
    }
}
}  // namespace crash_detail

/// In a child: notes every crash point that it passes from now on.
inline void note_crash_points(passes& into) noexcept {
    crash_detail::noted = &into;
    os::crash_point_hook = &crash_detail::note_hook;
}

/// In a child: it is killed with SIGKILL at that point.
inline void die_at(sentence where) noexcept {
    crash_detail::pending = where;
    os::crash_point_hook = &crash_detail::die_hook;
}

/// Every crash point in the library's headers whose text begins with `prefix`.
inline std::set<std::string> crash_points_in_sources(std::string_view prefix) {
    std::set<std::string> result;
    const auto headers = std::filesystem::path(__FILE__).parent_path() / "../../include/parley";
    for (const auto& each : std::filesystem::recursive_directory_iterator(headers)) {
        std::ifstream in(each.path());
        for (std::string line; std::getline(in, line);) {
            constexpr std::string_view call = "PARLEY_CRASH_POINT(\"";
            const auto begin = line.find(call);
            if (begin != line.npos) {
                const auto text = line.substr(begin + call.size(), line.find("\")") - begin - call.size());
                if (text.starts_with(prefix)) {
                    result.insert(text);
                }
            }
        }
    }
    return result;
}

/// Where victims of this program have died so far.
inline std::set<std::string>& deaths() {
    static std::set<std::string> result;
    return result;
}

/// The points of that prefix at which nobody has died: none, at the end of a complete test.
inline std::set<std::string> untested(std::string_view prefix) {
    auto result = crash_points_in_sources(prefix);
    for (const auto& each : deaths()) {
        result.erase(each);
    }
    return result;
}

}  // namespace parley::test
