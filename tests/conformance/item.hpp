#pragma once

#include <cstdint>
#include <type_traits>

namespace parley::conformance {

/// The message of most tests: who sent it, which of its messages it is, and a number that follows from both, so that a
/// message that was damaged or mixed from two shows.
struct item {
    std::uint32_t from;
    std::uint32_t number;
    std::uint64_t check;

    [[nodiscard]] static constexpr item make(std::uint32_t from, std::uint32_t number) noexcept {
        return {from, number, seal(from, number)};
    }
    [[nodiscard]] constexpr bool sound() const noexcept { return check == seal(from, number); }

private:
    [[nodiscard]] static constexpr std::uint64_t seal(std::uint32_t from, std::uint32_t number) noexcept {
        return ((std::uint64_t{from} << 32) | number) * 0x9e3779b97f4a7c15U + 1;
    }
};

static_assert(std::is_aggregate_v<item> && std::is_trivially_copyable_v<item>);

}  // namespace parley::conformance
