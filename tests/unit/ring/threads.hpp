#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <thread>
#include <vector>

#include "support/catch.hpp"

/// What the stress tests of the rings share: numbered letters of many threads, and the check that each arrived once and
/// those of one sender in order.

namespace parley::test {

struct numbered {
    std::uint32_t from = 0;
    std::uint32_t number = 0;
    std::uint64_t seal = 0;

    [[nodiscard]] static numbered make(std::size_t from, std::uint32_t number) noexcept {
        const auto sender = static_cast<std::uint32_t>(from);
        return {sender, number, seal_of(sender, number)};
    }
    [[nodiscard]] static std::uint64_t seal_of(std::uint32_t from, std::uint32_t number) noexcept {
        return ((std::uint64_t{from} << 32 | number) + 1) * 0x9e3779b97f4a7c15u;
    }
    [[nodiscard]] bool whole() const noexcept { return seal == seal_of(from, number); }

    void write(std::byte* slot) const noexcept { std::memcpy(slot, this, sizeof *this); }
    [[nodiscard]] static numbered read(const std::byte* slot) noexcept {
        numbered result;
        std::memcpy(&result, slot, sizeof result);
        return result;
    }
};

/// What arrived.
class arrivals {
public:
    arrivals(std::size_t senders, std::uint32_t each) : each_(each), got_(senders) {
        for (auto& of_sender : got_) {
            of_sender = std::vector<std::atomic<std::uint8_t>>(each);
        }
    }

    /// One receiver's view, which sees each sender's letters in order.
    class reader {
    public:
        explicit reader(arrivals& all) : all_(&all), next_(all.got_.size(), 0) {}

        void note(const numbered& it) {
            if (!it.whole() || it.from >= next_.size() || it.number >= all_->each_) {
                all_->torn.fetch_add(1);
                return;
            }
            if (all_->got_[it.from][it.number].exchange(1) != 0) {
                all_->doubled.fetch_add(1);
            }
            if (it.number < next_[it.from]) {
                all_->disordered.fetch_add(1);
            }
            next_[it.from] = it.number + 1;
            all_->count.fetch_add(1);
        }

    private:
        arrivals* all_;
        std::vector<std::uint32_t> next_;
    };

    [[nodiscard]] bool has(std::size_t from, std::uint32_t number) const { return got_[from][number].load() != 0; }

    /// To be called by the test's own thread at the end.
    void check(std::uint64_t expected) const {
        CHECK(torn.load() == 0);
        CHECK(doubled.load() == 0);
        CHECK(disordered.load() == 0);
        CHECK(count.load() == expected);
    }

    std::atomic<std::uint64_t> count{0};
    std::atomic<std::uint32_t> torn{0};
    std::atomic<std::uint32_t> doubled{0};
    std::atomic<std::uint32_t> disordered{0};

private:
    std::uint32_t each_;
    std::vector<std::vector<std::atomic<std::uint8_t>>> got_;
};

inline constexpr auto everybody_lives = [](std::size_t) { return true; };
inline constexpr auto everybody_is_dead = [](std::size_t) { return false; };

}  // namespace parley::test
