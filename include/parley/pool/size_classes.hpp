#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>

#include <parley/os/cpu.hpp>
#include <parley/pool/block.hpp>

/// How large the blocks of a pool are, and where their states lie.

namespace parley::pool {

inline constexpr std::size_t page = 4096;
/// At least the page size of every machine.
inline constexpr std::size_t largest_page = 65536;

[[nodiscard]] constexpr std::uint64_t round_up(std::uint64_t size, std::uint64_t to) noexcept {
    return (size + to - 1) / to * to;
}

/// Size classes for messages of at most `Largest` bytes: one class where all messages have that size, else powers of
/// two from a page on, so that a block is less than half empty.
template <std::size_t Largest, std::size_t Alignment, bool AllAlike>
struct size_classes {
    static constexpr std::size_t unit = std::max(os::cache_line, Alignment);
    static constexpr std::size_t largest = round_up(Largest, unit);
    static constexpr std::size_t smallest = AllAlike ? largest : std::min<std::size_t>(largest, page);
    static constexpr std::size_t count = AllAlike ? 1 : std::bit_width((largest + smallest - 1) / smallest - 1) + 1;
    static_assert(count <= (1u << block::class_bits));

    [[nodiscard]] static constexpr std::size_t size_of(std::size_t size_class) noexcept {
        return size_class + 1 == count ? largest : smallest << size_class;
    }

    /// The first class whose blocks hold `size` bytes.
    [[nodiscard]] static constexpr std::size_t class_for(std::size_t size) noexcept {
        return size <= smallest ? 0 : static_cast<std::size_t>(std::bit_width((size - 1) / smallest));
    }
};

/// Where the states of all blocks of a pool of at most `limit` bytes lie, counted from the end of its body, and how
/// many blocks there may be: of each class as many as fill the pool, up to `Most`, or with `Halving` up to half as many
/// as of the class before. A pool is a sparse file: what nobody has reserved takes no memory, so each class has room
/// for as many blocks as it could ever have.
template <class Classes, std::uint32_t Most, bool Halving>
class state_lines {
public:
    /// Of each class there may be so many blocks whatever the limit, so that no class starves another.
    static constexpr std::uint32_t fewest_blocks = 4;

    explicit state_lines(std::uint64_t limit) noexcept {
        for (std::size_t each = 0; each < Classes::count; ++each) {
            auto& here = areas_[each];
            const auto most = std::max(Halving ? Most >> each : Most, fewest_blocks);
            here.blocks = static_cast<std::uint32_t>(
                std::clamp<std::uint64_t>(limit / Classes::size_of(each), fewest_blocks, most));
            here.states = end_;
            end_ = round_up(end_ + std::uint64_t{here.blocks} * os::cache_line, page);
        }
    }

    [[nodiscard]] std::uint32_t blocks(std::size_t size_class) const noexcept { return areas_[size_class].blocks; }

    [[nodiscard]] std::uint64_t state_of(block which) const noexcept {
        return areas_[which.size_class].states + std::uint64_t{which.index} * os::cache_line;
    }

    /// Where the states end, at a page.
    [[nodiscard]] std::uint64_t end_of_states() const noexcept { return end_; }

private:
    struct area {
        std::uint32_t blocks;
        std::uint64_t states;
    };
    std::array<area, Classes::count> areas_;
    std::uint64_t end_ = 0;
};

}  // namespace parley::pool
