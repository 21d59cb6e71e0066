#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include <parley/parley.hpp>

/// What the tests of `map` say of its pool.

namespace parley::conformance {

/// One size of block only, so that a pool of so many bytes has so many of them.
struct page {
    std::uint64_t number;
    std::array<std::byte, 4096 - 8> rest;
};
static_assert(sizeof(page) == 4096);

inline constexpr std::uint64_t pages_in_pool = 6;
inline constexpr options small_pool{.pool_size = pages_in_pool * sizeof(page)};

template <class C>
[[nodiscard]] std::string pool_path(const std::string& name) {
    return pool::backing::locate(payload::pool_of<C>::name_of(name));
}

template <class C>
[[nodiscard]] bool pool_exists(const std::string& name) {
    return std::filesystem::exists(pool_path<C>(name));
}

/// Everything in /dev/shm that has to do with this name.
[[nodiscard]] inline std::vector<std::string> left_of(const std::string& name) {
    std::vector<std::string> result;
    for (const auto& each : std::filesystem::directory_iterator("/dev/shm")) {
        const auto file = each.path().filename().string();
        if (file.find(name) != std::string::npos) {
            result.push_back(file);
        }
    }
    return result;
}

}  // namespace parley::conformance
