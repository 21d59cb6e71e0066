#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <filesystem>
#include <span>
#include <string>
#include <vector>

#include <parley/parley.hpp>

/// What the tests of `map` and `adaptive` say of pools and what stays there.

namespace parley::conformance {

/// One size of block only, so that a pool of so many bytes has so many of them.
struct page {
    std::uint64_t number;
    std::array<std::byte, 4096 - 8> rest;
};
static_assert(sizeof(page) == 4096);

[[nodiscard]] inline page numbered(std::uint64_t number) {
    page result{};
    result.number = number;
    return result;
}

inline constexpr std::uint64_t pages_in_pool = 6;
inline constexpr options small_pool{.pool_size = pages_in_pool * sizeof(page)};

/// The bytes of a message that is known by its number, where two processes write and check them.
class pattern {
public:
    explicit pattern(std::uint64_t number) : word_(number * 0x9e3779b97f4a7c15U + 1) {}

    void write(std::span<std::byte> place) {
        each_word(place.size(), [&](std::size_t at, std::uint64_t word, std::size_t size) {
            std::memcpy(place.data() + at, &word, size);
        });
    }

    [[nodiscard]] bool is_in(std::span<const std::byte> place) {
        bool same = true;
        each_word(place.size(), [&](std::size_t at, std::uint64_t word, std::size_t size) {
            same = same && std::memcmp(place.data() + at, &word, size) == 0;
        });
        return same;
    }

private:
    template <class Act>
    void each_word(std::size_t size, Act act) {
        for (std::size_t at = 0; at < size; at += sizeof word_) {
            act(at, word_, std::min(sizeof word_, size - at));
            word_ = word_ * 6364136223846793005U + 1442695040888963407U;
        }
    }

    std::uint64_t word_;
};

template <class C>
[[nodiscard]] std::string pool_path(const std::string& name) {
    return pool::backing::locate(payload::pool_of<C>::name_of(name));
}

template <class C>
[[nodiscard]] bool pool_exists(const std::string& name) {
    return std::filesystem::exists(pool_path<C>(name));
}

/// Whether there is a pool for the messages from one endpoint to another.
template <class C>
[[nodiscard]] bool pool_exists(const std::string& from, const std::string& to) {
    return std::filesystem::exists(pool::backing::locate(payload::pool_of<C>::name_of_way(from, to)));
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
