#pragma once

#include <cstddef>
#include <cstdint>
#include <type_traits>

/// How a block of a pool is named, and who has it in hand.

namespace parley::pool {

/// Which block, in words small enough that a holder can be written down in one store.
struct block {
    static constexpr unsigned class_bits = 5;
    static constexpr unsigned index_bits = 20;

    std::uint32_t size_class = 0;
    std::uint32_t index = 0;

    friend bool operator==(const block&, const block&) noexcept = default;
};

/// What travels in place of a message: where its bytes lie. A peer may have written anything here: each number is
/// looked at before it is used (pool/borrower.hpp).
struct block_reference {
    block where;
    std::uint32_t generation = 0;  ///< of this use of the block
    std::uint32_t pool = 0;        ///< which: `body::mark`
    std::uint64_t length = 0;      ///< bytes of the message, as `wire<Message>::size` says
};
static_assert(sizeof(block_reference) == 24 && std::is_trivially_copyable_v<block_reference>,
              "two programs must agree on it");

/// What a participant has in hand, in one word that others may read at any time.
struct holding {
    /// Where the block is on its way. Only in `sending` may it be in the link and in a hand at the same time.
    enum class step : std::uint64_t { none = 0, writing = 1, sending = 2, reading = 3 };

    step at = step::none;
    block what;
    std::uint32_t generation = 0;

    [[nodiscard]] constexpr std::uint64_t word() const noexcept {
        return at == step::none ? 0
                                : static_cast<std::uint64_t>(at) << step_bit |
                                      std::uint64_t{what.size_class} << (step_bit - block::class_bits) |
                                      std::uint64_t{what.index} << 32 | generation;
    }

    [[nodiscard]] static constexpr holding of(std::uint64_t word) noexcept {
        return {static_cast<step>(word >> step_bit),
                {static_cast<std::uint32_t>(word >> (step_bit - block::class_bits)) & ((1u << block::class_bits) - 1),
                 static_cast<std::uint32_t>(word >> 32) & ((1u << block::index_bits) - 1)},
                static_cast<std::uint32_t>(word)};
    }

    /// The word for the same block at another step than `none`.
    [[nodiscard]] static constexpr std::uint64_t moved(std::uint64_t word, step to) noexcept {
        return (word & ((std::uint64_t{1} << step_bit) - 1)) | static_cast<std::uint64_t>(to) << step_bit;
    }

private:
    static constexpr unsigned step_bit = 62;
};

/// The state of a block: free, or in use for the `generation`th time, by messages of the sender `by`.
struct state {
    std::uint32_t generation = 0;
    std::uint32_t by = 0;  ///< the sender's number in this pool, 31 bits, given once
    bool busy = false;

    static constexpr std::uint32_t largest_number = (1u << 31) - 1;

    [[nodiscard]] constexpr std::uint64_t word() const noexcept {
        return std::uint64_t{generation} << 32 | std::uint64_t{by} << 1 | std::uint64_t{busy};
    }
    [[nodiscard]] static constexpr state of(std::uint64_t word) noexcept {
        return {static_cast<std::uint32_t>(word >> 32), static_cast<std::uint32_t>(word >> 1) & largest_number,
                (word & 1) != 0};
    }
};

}  // namespace parley::pool
