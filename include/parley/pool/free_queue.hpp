#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <new>
#include <optional>

#include <parley/os/cpu.hpp>
#include <parley/os/crash_point.hpp>

namespace parley::pool {

/// The blocks of one class that are free, in the order in which they became so: a ring of numbers in shared memory.
///
///     push                                    pop
///     ticket = tail++                         head: ticket -> ticket + 1, unless it is the tail
///     slot of ticket: 0 -> number             number = slot of ticket, which is 0 from then on
///
/// Only a hint: the state of a block decides who has it. So nobody waits here for anybody, and no number need arrive.
/// One is lost when a process is killed between its two steps, or where so many stand twice that the ring is full; a
/// sender that finds no other block looks at all of them. Between live processes as good as nothing is lost:
///
/// - A pop that comes between the two steps of a push finds nothing; the push sees that its ticket is gone, and begins
///   anew.
/// - A push that comes between the two steps of a pop a round before finds the slot in use, and takes the next ticket.
///   The pop of its own finds what is there then, or nothing, and takes the next ticket too.
class free_queue {
public:
    /// Bytes of a queue with so many slots, a power of two.
    [[nodiscard]] static constexpr std::size_t size_for(std::uint32_t slots) noexcept {
        return sizeof(ends) + slots * sizeof(slot);
    }

    /// The queue that lies in `memory`, at a cache line, and is empty where that is zero.
    free_queue(std::byte* memory, std::uint32_t slots) noexcept
        : ends_(std::launder(reinterpret_cast<ends*>(memory))),
          slots_(std::launder(reinterpret_cast<slot*>(memory + sizeof(ends)))),
          count_(slots) {}

    void push(std::uint32_t number) const noexcept {
        constexpr int attempts = 16;  // then it is lost
        for (int attempt = 0; attempt < attempts; ++attempt) {
            const auto ticket = ends_->tail.fetch_add(1, std::memory_order_seq_cst);
            PARLEY_CRASH_POINT("many segments: place in the queue taken, not written");
            auto& here = slot_of(ticket);
            std::uint32_t none = 0;
            // Sequentially consistent, like the steps of a pop: either it finds the number, or this sees that its
            // ticket is gone. (So whoever gets the number also sees the block free.)
            if (!here.compare_exchange_strong(none, number + 1, std::memory_order_seq_cst)) {
                continue;
            }
            const bool passed = static_cast<std::int32_t>(ends_->head.load(std::memory_order_seq_cst) - ticket) > 0;
            auto written = number + 1;
            if (!passed || !here.compare_exchange_strong(written, 0, std::memory_order_seq_cst)) {
                return;  // there for who comes, or already with somebody
            }
        }
    }

    /// A number, which may be anything where a peer is hostile; none where the queue is empty.
    [[nodiscard]] std::optional<std::uint32_t> pop() const noexcept {
        for (std::uint32_t look = 0; look < count_; ++look) {
            auto head = ends_->head.load(std::memory_order_seq_cst);
            const auto tail = ends_->tail.load(std::memory_order_seq_cst);
            if (head == tail) {
                return std::nullopt;
            }
            const auto ticket = tail - head > count_ ? tail - count_ : head;  // those before have the same slots
            if (!ends_->head.compare_exchange_strong(head, ticket + 1, std::memory_order_seq_cst)) {
                continue;
            }
            if (const auto found = slot_of(ticket).exchange(0, std::memory_order_seq_cst); found != 0) {
                return found - 1;
            }
        }
        return std::nullopt;
    }

private:
    using slot = std::atomic<std::uint32_t>;

    struct ends {
        alignas(os::cache_line) slot head;
        alignas(os::cache_line) slot tail;
    };
    static_assert(sizeof(ends) == 2 * os::cache_line, "head and tail a cache line apart, or they falsely share");

    [[nodiscard]] slot& slot_of(std::uint32_t ticket) const noexcept { return slots_[ticket & (count_ - 1)]; }

    ends* ends_;
    slot* slots_;
    std::uint32_t count_;
};

}  // namespace parley::pool
