#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>

namespace bench::reference {

/// Many producers, many consumers: Dmitry Vyukov's bounded queue. A ticket is won by compare-and-swap on the index; the
/// slot's sequence says whose turn it is.
///
/// The message comes first and the sequence behind it, with no padding: the fastest of the layouts measured with
/// 64-byte messages.
template <class T, std::size_t capacity>
class plain_mpmc {
    static_assert((capacity & (capacity - 1)) == 0, "the reference masks its indices");

public:
    plain_mpmc() noexcept {
        for (std::size_t index = 0; index < capacity; ++index) {
            slots_[index].sequence.store(index, std::memory_order_relaxed);  // before anybody else sees the ring
        }
    }

    [[gnu::always_inline]] bool try_send(const T& message) noexcept {
        std::uint64_t ticket =
            next_write_.load(std::memory_order_relaxed);  // a guess; the sequence and the swap decide
        for (;;) {
            auto& place = slots_[ticket % capacity];
            const std::uint64_t sequence = place.sequence.load(std::memory_order_acquire);  // R2
            const auto ahead = static_cast<std::int64_t>(sequence - ticket);
            if (ahead < 0) {
                return false;
            }
            if (ahead > 0) {
                ticket = next_write_.load(std::memory_order_relaxed);  // another producer has it: a new guess
            } else if (next_write_.compare_exchange_weak(ticket, ticket + 1, std::memory_order_relaxed)) {
                // relaxed: the swap hands out numbers, the sequence hands over the slot
                place.message = message;
                place.sequence.store(ticket + 1, std::memory_order_release);  // W1 -> W2: the slot is filled
                return true;
            }
        }
    }

    [[gnu::always_inline]] bool try_receive(T& message) noexcept {
        std::uint64_t ticket = next_read_.load(std::memory_order_relaxed);  // as above
        for (;;) {
            auto& place = slots_[ticket % capacity];
            const std::uint64_t sequence = place.sequence.load(std::memory_order_acquire);  // W2
            const auto ahead = static_cast<std::int64_t>(sequence - (ticket + 1));
            if (ahead < 0) {
                return false;
            }
            if (ahead > 0) {
                ticket = next_read_.load(std::memory_order_relaxed);  // as above
            } else if (next_read_.compare_exchange_weak(ticket, ticket + 1, std::memory_order_relaxed)) {
                message = place.message;
                place.sequence.store(ticket + capacity,
                                     std::memory_order_release);  // R1 -> R2: free for the next round
                return true;
            }
        }
    }

private:
    struct slot {
        T message;
        std::atomic<std::uint64_t> sequence;
    };

    alignas(128) std::atomic<std::uint64_t> next_write_{0};
    alignas(128) std::atomic<std::uint64_t> next_read_{0};
    alignas(128) std::array<slot, capacity> slots_;
};

}  // namespace bench::reference
