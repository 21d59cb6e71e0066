#pragma once

#include <algorithm>
#include <cstddef>
#include <optional>
#include <span>
#include <vector>

#include <parley/message/codec.hpp>

namespace parley::conformance {

/// More than any socket's buffer takes at once; it travels in parts.
struct huge {
    static constexpr std::size_t size = std::size_t{8} << 20;
    std::vector<std::byte> content;
};

}  // namespace parley::conformance

template <>
struct parley::codec<parley::conformance::huge> {
    static constexpr std::size_t max_size = conformance::huge::size;
    static std::size_t size(const conformance::huge& value) { return value.content.size(); }
    static std::size_t encode(const conformance::huge& value, std::span<std::byte> room) {
        std::copy(value.content.begin(), value.content.end(), room.begin());
        return value.content.size();
    }
    static std::optional<conformance::huge> decode(std::span<const std::byte> bytes) {
        return conformance::huge{{bytes.begin(), bytes.end()}};
    }
};
