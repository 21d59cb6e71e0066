#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>

#include <parley/os/cpu.hpp>
#include <parley/os/crash_point.hpp>
#include <parley/ring/ticket.hpp>

/// The ring for one sender and one receiver: one direction of a direct link.
///
/// How it works. Message t lies in slot t modulo the capacity, and behind it in the same slot stands a number: t + 1
/// once the message is there. The receiver looks only at that number, so a message travels with its announcement. The
/// other way, `head` counts what was received; the sender keeps the last value that it has seen and looks again only
/// when that says full (FastForward, Giacomoni et al. 2008; the cached counter of rigtorp's SPSCQueue). Nobody counts
/// what was sent: the slots say it.
///
/// A sender that has a moment (`warm`) touches the slot after the next, if it is free: that brings its lines, which the
/// receiver read a lap ago, back to the sender, and saves a quarter of a ping-pong's time. A prefetch instruction does
/// not do that here, a store does.
///
/// Memory orders, in pairs:
///   P1 -> P2  the sender's store of the slot's number (release) -> the receiver's load (acquire): the message is
///   visible. H1 -> H2  the receiver's store of `head` (release) -> the sender's load (acquire): the reader is done
///   with the slot.
///
/// When a process is killed: each commit is one store. A sender that dies before P1 has not sent that message, one that
/// dies after it has; of a batch, the messages up to the last P1 are sent. A receiver that dies before H1 has received
/// nothing: its successor receives the same messages. Nothing is ever half done, so nothing is repaired.

namespace parley::ring {

template <std::size_t Capacity, std::size_t PayloadSize, std::size_t PayloadAlignment,
          template <class> class Atomic = std::atomic>
class spsc {
public:
    class producer;
    class consumer;

private:
    struct slot {  // the message first: as measured, 72 bytes of both together beat two lines of 64 each
        alignas(PayloadAlignment) std::array<std::byte, PayloadSize> payload;
        Atomic<std::uint64_t> number{0};
    };

    [[nodiscard]] slot& at(std::uint64_t ticket) noexcept { return slots_[ticket % Capacity]; }

    [[nodiscard]] bool published(std::uint64_t ticket) noexcept {
        return at(ticket).number.load(std::memory_order_acquire) == ticket + 1;  // P2
    }

    alignas(os::cache_line) Atomic<std::uint64_t> head_{0};
    alignas(os::cache_line) std::array<slot, Capacity> slots_;
};

/// The sender's hold on the ring. Belongs to one thread at a time.
template <std::size_t Capacity, std::size_t PayloadSize, std::size_t PayloadAlignment, template <class> class Atomic>
class spsc<Capacity, PayloadSize, PayloadAlignment, Atomic>::producer {
public:
    explicit producer(spsc& ring) noexcept : ring_(&ring) {}

    /// To be called once by a new holder of the side: finds where a predecessor has stopped.
    template <class PeerAlive, class FellowAlive>
    [[nodiscard]] bool occupy(PeerAlive, FellowAlive) noexcept {
        head_ = ring_->head_.load(std::memory_order_acquire);
        tail_ = head_;
        while (tail_ - head_ < Capacity && ring_->published(tail_)) {
            ++tail_;
        }
        return true;
    }

    [[nodiscard]] attempt try_claim(std::size_t wanted, claim& won) noexcept {
        auto room = Capacity - (tail_ - head_);
        if (room < wanted) {
            const auto head = ring_->head_.load(std::memory_order_acquire);  // H2
            // A hostile peer may have written anything; a counter that makes no sense means no room.
            if (tail_ - head >= Capacity) {
                return attempt::blocked;
            }
            head_ = head;
            room = Capacity - (tail_ - head_);
        }
        won = {tail_, wanted < room ? wanted : static_cast<std::size_t>(room)};
        return attempt::won;
    }

    [[nodiscard]] std::byte* payload(std::uint64_t ticket) noexcept { return ring_->at(ticket).payload.data(); }

    void publish(const claim& won) noexcept {
        for (std::size_t index = 0; index < won.count; ++index) {
            PARLEY_CRASH_POINT("spsc: slot written, not published");
            const auto ticket = won.first + index;
            ring_->at(ticket).number.store(ticket + 1, std::memory_order_release);  // P1
        }
        PARLEY_CRASH_POINT("spsc: published");
        tail_ = won.first + won.count;
        cold_ = true;
    }

    /// Gives the claim up: nothing is sent. Nobody has seen it.
    void abandon(const claim&) noexcept {}

    [[nodiscard]] bool writable() noexcept { return tail_ - ring_->head_.load(std::memory_order_acquire) < Capacity; }

    /// For a process with nothing to do: brings the lines of a slot that it will use soon to this core. What is written
    /// does not matter: the slot is free, so it is the sender's.
    void warm() noexcept {
        const auto ticket = tail_ + 1;
        if (cold_ && ticket - head_ < Capacity) {
            cold_ = false;
            volatile std::byte* bytes = payload(ticket);
            bytes[0] = std::byte{0};
            if constexpr (PayloadSize > 1 && PayloadSize <= 2 * os::cache_line) {
                bytes[PayloadSize - 1] = std::byte{0};
            }
        }
    }

private:
    spsc* ring_;
    std::uint64_t tail_ = 0;
    std::uint64_t head_ = 0;
    bool cold_ = true;  // nothing has been warmed since the last message
};

/// The receiver's hold on the ring. Belongs to one thread at a time.
template <std::size_t Capacity, std::size_t PayloadSize, std::size_t PayloadAlignment, template <class> class Atomic>
class spsc<Capacity, PayloadSize, PayloadAlignment, Atomic>::consumer {
public:
    explicit consumer(spsc& ring) noexcept : ring_(&ring), head_(ring.head_.load(std::memory_order_relaxed)) {}

    /// A predecessor leaves nothing to repair.
    template <class PeerAlive, class FellowAlive>
    [[nodiscard]] static constexpr bool occupy(PeerAlive, FellowAlive) noexcept {
        return true;
    }

    [[nodiscard]] attempt try_claim(std::size_t wanted, claim& won, bool&) noexcept {
        if (!ring_->published(head_)) {
            return attempt::blocked;
        }
        std::size_t count = 1;
        while (count < wanted && count < Capacity && ring_->published(head_ + count)) {
            ++count;
        }
        won = {head_, count};
        return attempt::won;
    }

    [[nodiscard]] const std::byte* payload(std::uint64_t ticket) noexcept { return ring_->at(ticket).payload.data(); }

    void release(const claim& won) noexcept {
        PARLEY_CRASH_POINT("spsc: messages read, slots not freed");
        head_ = won.first + won.count;
        ring_->head_.store(head_, std::memory_order_release);  // H1
        PARLEY_CRASH_POINT("spsc: slots freed");
    }

    [[nodiscard]] bool readable() noexcept { return ring_->published(head_); }

private:
    spsc* ring_;
    std::uint64_t head_;
};

}  // namespace parley::ring
