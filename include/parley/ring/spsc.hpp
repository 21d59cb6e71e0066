#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>

#include <parley/os/cpu.hpp>
#include <parley/os/crash_point.hpp>
#include <parley/os/error.hpp>
#include <parley/os/smaller.hpp>
#include <parley/ring/slots_ahead.hpp>
#include <parley/ring/ticket.hpp>

/// The ring for one sender and one receiver: one direction of a direct link.
///
/// How it works. Message t lies in slot t modulo the capacity. `tail` counts what was sent and only the sender writes
/// it, `head` counts what was received and only the receiver writes it (Lamport, 1977). Each side keeps the last value
/// that it has seen of the other's counter and looks again only when that is not enough (MCRingBuffer, Lee, Bui and
/// Chandramenon 2010). So a batch of any size costs one store, and a side with a backlog before it never looks at the
/// other's line.
///
/// What else makes it fast, as measured. A receiver that finds nothing fetches the slot that will be next: when the
/// sender writes there, message and counter come over together, not one after the other, which saves a quarter of a
/// ping-pong's time. A side that is in its stride fetches slots ahead (ring/slots_ahead.hpp). A number in each slot in
/// place of `tail` (FastForward, Giacomoni et al. 2008) is as fast in a ping-pong, but a batch then moves nine lines
/// for eight 64-byte messages, and beside a full ring both sides work in one line: a quarter of the throughput.
///
/// Memory orders, in pairs:
///   P1 -> P2  the sender's store of `tail` (release) -> the receiver's load (acquire): the messages are visible.
///   H1 -> H2  the receiver's store of `head` (release) -> the sender's load (acquire): the reader is done with the
///   slots.
///
/// When a process is killed: each commit is one store. A sender that dies before P1 has sent nothing of its claim, one
/// that dies after it has sent all. A receiver that dies before H1 has received nothing: its successor receives the
/// same messages. Nothing is ever half done, so nothing is repaired.
///
/// When a hostile peer, or a file written back in part, leaves counters that make no sense, who comes upon them throws
/// `errc::corrupt`, and whoever next takes a side over begins as if all had been received.

namespace parley::ring {

template <std::size_t Capacity, std::size_t PayloadSize, std::size_t PayloadAlignment,
          template <class> class Atomic = std::atomic>
class spsc {
public:
    class producer;
    class consumer;

private:
    struct slot {
        alignas(PayloadAlignment) std::array<std::byte, PayloadSize> payload;
    };

    /// A counter and, since processors fetch lines in pairs, another line.
    struct alignas(os::cache_line) counter {
        Atomic<std::uint64_t> value{0};
        std::array<std::byte, 2 * os::cache_line - sizeof(Atomic<std::uint64_t>)> apart{};
    };
    static_assert(sizeof(counter) == 2 * os::cache_line, "what one side writes may not slow what the other reads");

    [[nodiscard]] std::byte* at(std::uint64_t ticket) noexcept { return slots_[ticket % Capacity].payload.data(); }

    [[noreturn, gnu::cold, gnu::noinline]] static void throw_senseless() {
        throw_error(errc::corrupt,
                    "the counters of a direct link contradict each other: a peer wrote garbage, or the file was "
                    "written back in part; remove the link, or attach again");
    }

    counter tail_;
    counter head_;
    alignas(os::cache_line) alignas(slot) std::array<slot, Capacity> slots_;
};

/// The sender's hold on the ring. Belongs to one thread at a time.
template <std::size_t Capacity, std::size_t PayloadSize, std::size_t PayloadAlignment, template <class> class Atomic>
class spsc<Capacity, PayloadSize, PayloadAlignment, Atomic>::producer {
public:
    /// Goes on where a predecessor has stopped.
    explicit producer(spsc& ring) noexcept : producer(ring, ring.tail_.value.load(std::memory_order_relaxed)) {}

    /// To be called once by a new holder of the side.
    template <class PeerAlive, class FellowAlive>
    [[nodiscard]] bool occupy(PeerAlive, FellowAlive) noexcept {
        const auto head = ring_->head_.value.load(std::memory_order_acquire);
        if (tail_ - head > Capacity) {
            *this = producer(*ring_, head);
            ring_->tail_.value.store(head, std::memory_order_release);
        }
        return true;
    }

    [[nodiscard]] attempt try_claim(std::size_t wanted, claim& won) {
        auto room = Capacity - (tail_ - head_);
        if (room < wanted) {
            const auto head = ring_->head_.value.load(std::memory_order_acquire);  // H2
            if (tail_ - head >= Capacity) {
                if (tail_ - head > Capacity) [[unlikely]] {
                    throw_senseless();
                }
                return attempt::blocked;
            }
            head_ = head;
            room = Capacity - (tail_ - head_);
        }
        if constexpr (looks_ahead<Capacity>) {
            const auto end = os::smaller<std::uint64_t>(room, os::smaller(wanted, Capacity) + slots_ahead);
            for (auto next = slots_ahead; next < end; ++next) {
                fetch_slot<os::fetch_to_write, PayloadSize>(ring_->at(tail_ + next));
            }
        }
        os::fetch_to_write(&ring_->tail_.value);
        won = {tail_, os::smaller<std::size_t>(wanted, room)};
        return attempt::won;
    }

    [[nodiscard]] std::byte* payload(std::uint64_t ticket) noexcept { return ring_->at(ticket); }

    void publish(const claim& won) noexcept {
        PARLEY_CRASH_POINT("spsc: slots written, not published");
        tail_ = won.first + won.count;
        ring_->tail_.value.store(tail_, std::memory_order_release);  // P1
        PARLEY_CRASH_POINT("spsc: published");
    }

    /// Gives the claim up: nothing is sent. Nobody has seen it.
    void abandon(const claim&) noexcept {}

    [[nodiscard]] bool writable() noexcept {
        return tail_ - ring_->head_.value.load(std::memory_order_acquire) != Capacity;
    }

private:
    producer(spsc& ring, std::uint64_t tail) noexcept : ring_(&ring), tail_(tail) {}

    spsc* ring_;
    std::uint64_t tail_;
    std::uint64_t head_ = tail_ - Capacity;  // as if full: the first message looks
};

/// The receiver's hold on the ring. Belongs to one thread at a time.
template <std::size_t Capacity, std::size_t PayloadSize, std::size_t PayloadAlignment, template <class> class Atomic>
class spsc<Capacity, PayloadSize, PayloadAlignment, Atomic>::consumer {
public:
    /// Goes on where a predecessor has stopped.
    explicit consumer(spsc& ring) noexcept : ring_(&ring), head_(ring.head_.value.load(std::memory_order_relaxed)) {}

    /// To be called once by a new holder of the side.
    template <class PeerAlive, class FellowAlive>
    [[nodiscard]] bool occupy(PeerAlive, FellowAlive) noexcept {
        const auto tail = ring_->tail_.value.load(std::memory_order_acquire);
        if (tail - head_ > Capacity) {
            head_ = tail_ = tail;
            ring_->head_.value.store(tail, std::memory_order_release);
        }
        return true;
    }

    [[nodiscard]] attempt try_claim(std::size_t wanted, claim& won, bool&) {
        if (tail_ == head_) {
            const auto tail = ring_->tail_.value.load(std::memory_order_acquire);  // P2
            if (tail == head_) {
                fetch_slot<os::fetch_to_read, PayloadSize>(ring_->at(head_));
                return attempt::blocked;
            }
            if (tail - head_ > Capacity) [[unlikely]] {
                throw_senseless();
            }
            tail_ = tail;
        }
        const auto there = static_cast<std::size_t>(tail_ - head_);
        if constexpr (looks_ahead<Capacity>) {
            const auto end = os::smaller(there, os::smaller(wanted, Capacity) + slots_ahead);
            for (auto next = slots_ahead; next < end; ++next) {
                fetch_slot<os::fetch_to_read, PayloadSize>(ring_->at(head_ + next));
            }
        }
        won = {head_, os::smaller(wanted, there)};
        return attempt::won;
    }

    [[nodiscard]] const std::byte* payload(std::uint64_t ticket) noexcept { return ring_->at(ticket); }

    void release(const claim& won) noexcept {
        PARLEY_CRASH_POINT("spsc: messages read, slots not freed");
        head_ = won.first + won.count;
        ring_->head_.value.store(head_, std::memory_order_release);  // H1
        PARLEY_CRASH_POINT("spsc: slots freed");
    }

    [[nodiscard]] bool readable() noexcept {
        return tail_ != head_ || ring_->tail_.value.load(std::memory_order_acquire) != head_;
    }

private:
    spsc* ring_;
    std::uint64_t head_;
    std::uint64_t tail_ = head_;
};

}  // namespace parley::ring
