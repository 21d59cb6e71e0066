#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <utility>

#include <parley/os/cpu.hpp>
#include <parley/os/crash_point.hpp>
#include <parley/os/smaller.hpp>
#include <parley/ring/intent.hpp>
#include <parley/ring/slots_ahead.hpp>
#include <parley/ring/ticket.hpp>

/// The ring for many senders, many receivers, or one of either, that survives the death of any of them.
///
/// How it works. It is Vyukov's bounded queue (1024cores.net, "Bounded MPMC queue"): two counters, `tail` for tickets
/// to send and `head` for tickets to receive, and a number in each slot that says whose turn it is. A sender wins
/// ticket t by moving `tail` from t to t + 1 while the slot says "free for t", writes the message, and sets the slot to
/// "published t". A receiver wins t by moving `head` while the slot says "published t", reads, and sets the slot to
/// what comes next there. A side with one participant does without the compare-and-swap and moves its counter last.
///
/// Memory orders, in pairs:
///   P1 -> P2  the slot's "published" (release) -> a receiver's look at the slot (acquire): the message is visible.
///   F1 -> F2  the slot's "free" (release) -> a sender's look at the slot (acquire): the reader is done with the bytes.
///   I1 -> I2  the counter's compare-and-swap (release) -> a resolver's look at the counter (acquire): the winner's
///             intent is visible (ring/intent.hpp). Later compare-and-swaps on the counter continue the release
///             sequence, so seeing any later value will do.
/// The counters need no acquire on the way to a slot: the slot's own number decides, and it is acquired.
///
/// When a process is killed, by the place at which it dies:
///   sender, before its compare-and-swap       nothing has happened; a stale intent of the dead is ignored.
///   sender, after it, before "published"      the ticket is won and will never be published. A receiver that stalls
///                                             there finds no live intent on it and sets the slot to "void t", which
///                                             whoever wins t skips. Lost: the victim's own message.
///   sender, after "published"                 the message is sent.
///   receiver, before its compare-and-swap     nothing has happened.
///   receiver, after it, before "free"         at_most_once: a sender that stalls there finds no live intent on it and
///                                             sets the slot free. Lost: the message in the victim's hands.
///                                             at_least_once: another receiver finds it and takes it over
///                                             (`try_adopt`).
///   receiver, after "free"                    the message was received.
///   the one sender or receiver of its side    its successor catches up with the slots (`occupy`); a message that was
///                                             published before the counter moved is sent, one that was read before
///                                             the slot was set free is received again.

namespace parley::ring {

/// Whether it is time to ask, after a miss, if somebody stands in the way. The answer lies in the other side's counter,
/// and looking there takes its cache line away from those who are at work: at every miss that halves the throughput.
class miss_counter {
public:
    static constexpr unsigned misses_per_look = 32;
    [[nodiscard]] bool due() noexcept { return ++misses_ % misses_per_look == 0; }

private:
    unsigned misses_ = 0;
};

/// `Senders`, `Receivers`: how many places each side has; 1 selects the simpler algorithm of that side.
/// `KeepForOthers`: a message in the hands of a receiver that dies is kept for another one (at_least_once).
template <class Slots, std::size_t Senders, std::size_t Receivers, bool KeepForOthers = false,
          template <class> class Atomic = std::atomic>
class mpmc {
    static_assert(!KeepForOthers || Receivers > 1, "with one receiver there are no others");

public:
    using slots_type = Slots;
    static constexpr bool many_senders = Senders > 1;
    static constexpr bool many_receivers = Receivers > 1;

    class producer;
    class consumer;

    [[nodiscard]] Slots& slots() noexcept { return slots_; }

private:
    static constexpr auto any_number = std::numeric_limits<std::size_t>::max();

    alignas(os::cache_line) Atomic<std::uint64_t> tail_{0};
    alignas(os::cache_line) Atomic<std::uint64_t> head_{0};
    intent_table<Senders, Atomic> sending_;
    intent_table<Receivers, Atomic> receiving_;
    intent_table<KeepForOthers ? Receivers : 1, Atomic> inherited_;  ///< what dead receivers held whose place was taken
    Slots slots_;
};

/// One sender's hold on the ring. Belongs to one thread at a time.
template <class Slots, std::size_t Senders, std::size_t Receivers, bool KeepForOthers, template <class> class Atomic>
class mpmc<Slots, Senders, Receivers, KeepForOthers, Atomic>::producer {
public:
    producer(mpmc& ring, typename Slots::view slots, std::size_t place)
        : ring_(&ring), slots_(std::move(slots)), place_(place) {}

    /// To be called once by a new holder of the place. `peer_alive(place)` is asked of receivers, `fellow_alive` of
    /// senders. Whether the place can be used.
    template <class PeerAlive, class FellowAlive>
    [[nodiscard]] bool occupy(PeerAlive, FellowAlive) {
        if constexpr (many_senders) {
            ring_->sending_.occupy(place_);
        } else {
            // A predecessor may have died after publishing, before it moved the counter. What it published may have
            // been received since, and its slots given back.
            auto ticket =
                os::larger(ring_->tail_.load(std::memory_order_relaxed), ring_->head_.load(std::memory_order_acquire));
            const auto end = ticket + slots_.together(ticket, any_number);
            for (; ticket != end; ++ticket) {
                const auto* slot = slots_.at(ticket);
                if (slot == nullptr || slot->sequence.load(std::memory_order_acquire) < slot_state::published(ticket)) {
                    break;
                }
            }
            ring_->tail_.store(ticket, std::memory_order_release);
        }
        return true;
    }

    /// Wins up to `wanted` tickets in a row. Now and then, after many misses, says `stalled` where it would else say
    /// `blocked`. A claim must be published or abandoned before the next.
    [[nodiscard]] attempt try_claim(std::size_t wanted, claim& won) {
        auto ticket = ring_->tail_.load(std::memory_order_relaxed);
        bool declared = false;  // a miss, which is what polling mostly sees, writes nothing
        for (;;) {
            slots_.prepare(ticket);
            const auto count = count_free(ticket, slots_.together(ticket, wanted));
            if (count == 0) {
                const auto now = ring_->tail_.load(std::memory_order_relaxed);
                if (now != ticket) {
                    ticket = now;  // the slot had moved on because others had
                    continue;
                }
                if (declared) {
                    withdraw();
                }
                stride_.breaks();
                return blocked_by(slots_.predecessor(ticket));
            }
            if constexpr (many_senders) {
                ring_->sending_.declare(place_, ticket, count);
                declared = true;
                PARLEY_CRASH_POINT("mpmc: sending intent declared, ticket not won");
                // Release (I1): the intent is visible to whoever sees the counter beyond the ticket.
                if (!ring_->tail_.compare_exchange_weak(ticket, ticket + count, std::memory_order_release,
                                                        std::memory_order_relaxed)) {
                    continue;
                }
                PARLEY_CRASH_POINT("mpmc: ticket to send won, slot not written");
            }
            won = {ticket, count};
            if constexpr (Slots::view::looks_ahead) {
                if (stride_.succeeds()) {
                    slots_.template look_ahead<os::fetch_to_write>(won);
                }
            }
            return attempt::won;
        }
    }

    /// Where the message of a claimed ticket goes.
    [[nodiscard]] std::byte* payload(std::uint64_t ticket) { return slots_.at(ticket)->payload.data(); }

    void publish(const claim& won) {
        for (std::size_t index = 0; index < won.count; ++index) {
            const auto ticket = won.first + index;
            PARLEY_CRASH_POINT("mpmc: slot written, not published");
            slots_.at(ticket)->sequence.store(slot_state::published(ticket), std::memory_order_release);  // P1
        }
        finish(won);
    }

    /// Gives claimed tickets up: nothing is sent.
    void abandon(const claim& won) {
        if constexpr (many_senders) {
            for (std::size_t index = 0; index < won.count; ++index) {
                const auto ticket = won.first + index;
                slots_.at(ticket)->sequence.store(slot_state::voided(ticket), std::memory_order_release);
            }
            finish(won);
        }
        // One sender alone has not moved the counter yet: the tickets are still free.
    }

    /// Whether the next message would be accepted as things stand.
    [[nodiscard]] bool writable() {
        const auto ticket = ring_->tail_.load(std::memory_order_relaxed);
        const auto* slot = slots_.at(ticket);
        return slot == nullptr || slot->sequence.load(std::memory_order_acquire) == slot_state::free_for(ticket) ||
               ring_->tail_.load(std::memory_order_relaxed) != ticket;
    }

    /// After `attempt::stalled`: frees the slots of messages that were in the hands of a receiver that died, unless
    /// such messages are kept for others. Whether it did. All of a batch at once: each look costs its caller time.
    template <class Alive>
    bool resolve(Alive alive) {
        bool any = false;
        if constexpr (many_receivers) {
            auto ticket = slots_.predecessor(ring_->tail_.load(std::memory_order_relaxed));
            // Acquire (I2): the intent of the ticket's winner is visible.
            for (; ticket != no_ticket && ring_->head_.load(std::memory_order_acquire) > ticket &&
                   !ring_->receiving_.covered(ticket, alive);
                 ++ticket) {
                auto* slot = slots_.at(ticket);
                auto state = slot->sequence.load(std::memory_order_relaxed);
                if (state != slot_state::voided(ticket) && (KeepForOthers || state != slot_state::published(ticket))) {
                    break;
                }
                PARLEY_CRASH_POINT("mpmc: dead receiver's slot found, not freed");
                any = slot->sequence.compare_exchange_strong(state, slots_.after(ticket), std::memory_order_release,
                                                             std::memory_order_relaxed) ||
                      any;
            }
        }
        return any;
    }

private:
    [[nodiscard]] std::size_t count_free(std::uint64_t first, std::size_t limit) {
        for (std::size_t count = 0; count < limit; ++count) {
            const auto* slot = slots_.at(first + count);
            if (slot == nullptr ||
                slot->sequence.load(std::memory_order_acquire) != slot_state::free_for(first + count)) {  // F2
                return count;
            }
        }
        return limit;
    }

    [[nodiscard]] attempt blocked_by(std::uint64_t ticket) noexcept {
        if constexpr (many_receivers) {
            if (misses_.due() && ticket != no_ticket && ring_->head_.load(std::memory_order_relaxed) > ticket) {
                return attempt::stalled;  // received, but its slot is not free yet
            }
        }
        return attempt::blocked;
    }

    void finish(const claim& won) {
        PARLEY_CRASH_POINT("mpmc: published, sending intent not cleared");
        if constexpr (many_senders) {
            withdraw();
        } else {
            ring_->tail_.store(won.first + won.count, std::memory_order_release);
        }
    }

    void withdraw() noexcept {
        if constexpr (many_senders) {
            ring_->sending_.clear(place_);
        }
    }

    mpmc* ring_;
    typename Slots::view slots_;
    std::size_t place_;
    miss_counter misses_;
    stride stride_;
};

/// One receiver's hold on the ring. Belongs to one thread at a time.
template <class Slots, std::size_t Senders, std::size_t Receivers, bool KeepForOthers, template <class> class Atomic>
class mpmc<Slots, Senders, Receivers, KeepForOthers, Atomic>::consumer {
public:
    consumer(mpmc& ring, typename Slots::view slots, std::size_t place)
        : ring_(&ring), slots_(std::move(slots)), place_(place) {}

    /// To be called once by a new holder of the place, by one process at a time. Whether the place can be used: not
    /// yet while messages of two dead holders wait there to be taken over by others.
    template <class PeerAlive, class FellowAlive>
    [[nodiscard]] bool occupy(PeerAlive, FellowAlive fellow_alive) {
        if constexpr (many_receivers) {
            if constexpr (KeepForOthers) {
                if (orphan_of(ring_->inherited_.at(place_), fellow_alive) != no_ticket) {
                    return false;
                }
                const auto held = ring_->receiving_.at(place_);
                ring_->inherited_.occupy(place_);
                ring_->inherited_.declare(place_, held.first, held.count);
                PARLEY_CRASH_POINT("mpmc: dead receiver's message inherited, its intent not wiped out");
            }
            ring_->receiving_.occupy(place_);
        } else {
            // A predecessor may have died after freeing slots, before it moved the counter. They may be in use again:
            // the number in a slot only grows.
            auto ticket = ring_->head_.load(std::memory_order_relaxed);
            const auto end = ticket + slots_.together(ticket, any_number);
            for (; ticket != end; ++ticket) {
                const auto* slot = slots_.at(ticket);
                if (slot == nullptr || slot->sequence.load(std::memory_order_acquire) < slots_.after(ticket)) {
                    break;
                }
            }
            ring_->head_.store(ticket, std::memory_order_release);
        }
        return true;
    }

    /// Wins up to `wanted` messages in a row. A claim must be released before the next. `skipped` is set when a void
    /// slot was freed on the way: a sender may be waiting for it.
    [[nodiscard]] attempt try_claim(std::size_t wanted, claim& won, bool& skipped) {
        auto ticket = ring_->head_.load(std::memory_order_relaxed);
        bool declared = false;  // as for senders
        for (;;) {
            auto* slot = slots_.at(ticket);
            const auto state =
                slot == nullptr ? slot_state::free_for(ticket) : slot->sequence.load(std::memory_order_acquire);  // P2
            if (state == slot_state::voided(ticket)) {
                declared = true;
                if (win(ticket, 1)) {
                    PARLEY_CRASH_POINT("mpmc: void ticket won, slot not freed");
                    release({ticket, 1});
                    declared = false;
                    skipped = true;
                    ++ticket;
                }
                continue;
            }
            if (state != slot_state::published(ticket)) {
                const auto now = ring_->head_.load(std::memory_order_relaxed);
                if (now != ticket) {
                    ticket = now;
                    continue;
                }
                if (declared) {
                    withdraw();
                }
                stride_.breaks();
                return misses_.due() && ring_->tail_.load(std::memory_order_relaxed) > ticket ? attempt::stalled
                                                                                              : attempt::blocked;
            }
            const auto count = 1 + count_published(ticket + 1, slots_.together(ticket, wanted) - 1);
            declared = true;
            if (win(ticket, count)) {
                PARLEY_CRASH_POINT("mpmc: ticket to receive won, message not read");
                won = {ticket, count};
                if constexpr (Slots::view::looks_ahead) {
                    if (stride_.succeeds()) {
                        slots_.template look_ahead<os::fetch_to_read>(won);
                    }
                }
                return attempt::won;
            }
        }
    }

    /// The message of a claimed ticket.
    [[nodiscard]] const std::byte* payload(std::uint64_t ticket) { return slots_.at(ticket)->payload.data(); }

    /// Done with the messages of a claim: their slots are free.
    void release(const claim& won) {
        for (std::size_t index = 0; index < won.count; ++index) {
            const auto ticket = won.first + index;
            PARLEY_CRASH_POINT("mpmc: message read, slot not freed");
            slots_.at(ticket)->sequence.store(slots_.after(ticket), std::memory_order_release);  // F1
        }
        PARLEY_CRASH_POINT("mpmc: slot freed, receiving intent not cleared");
        if constexpr (!many_receivers) {
            ring_->head_.store(won.first + won.count, std::memory_order_release);
        }
        withdraw();
    }

    /// Whether there is something to receive, or to skip, as things stand.
    [[nodiscard]] bool readable() {
        const auto ticket = ring_->head_.load(std::memory_order_relaxed);
        const auto* slot = slots_.at(ticket);
        if (slot == nullptr) {
            return false;
        }
        const auto state = slot->sequence.load(std::memory_order_acquire);
        return state == slot_state::published(ticket) || state == slot_state::voided(ticket) ||
               ring_->head_.load(std::memory_order_relaxed) != ticket;
    }

    /// Whether a sender has won the next ticket and not finished: what `try_claim` says only now and then.
    [[nodiscard]] bool stalled() {
        const auto ticket = ring_->head_.load(std::memory_order_relaxed);
        return ring_->tail_.load(std::memory_order_acquire) > ticket && !readable();
    }

    /// Whether every ticket that a sender has won is a receiver's already.
    [[nodiscard]] bool drained() const noexcept {
        const auto ticket = ring_->head_.load(std::memory_order_relaxed);
        return ring_->tail_.load(std::memory_order_acquire) <= ticket;
    }

    /// After `attempt::stalled`: closes the tickets of a sender that died before it published. Whether it did. All of
    /// a batch at once: each look costs its caller time.
    template <class Alive>
    bool resolve(Alive alive) {
        bool any = false;
        if constexpr (many_senders) {
            auto ticket = ring_->head_.load(std::memory_order_relaxed);
            // Acquire (I2): the intent of the ticket's winner is visible.
            for (auto* slot = slots_.at(ticket);
                 slot != nullptr && ring_->tail_.load(std::memory_order_acquire) > ticket &&
                 slot->sequence.load(std::memory_order_relaxed) == slot_state::free_for(ticket) &&
                 !ring_->sending_.covered(ticket, alive);
                 slot = slots_.at(++ticket)) {
                auto state = slot_state::free_for(ticket);
                PARLEY_CRASH_POINT("mpmc: dead sender's ticket found, not closed");
                any = slot->sequence.compare_exchange_strong(state, slot_state::voided(ticket),
                                                             std::memory_order_release, std::memory_order_relaxed) ||
                      any;
            }
        }
        return any;
    }

    /// Takes over a message that was in the hands of a receiver that died. Callers exclude each other (by a lock that
    /// the kernel releases). If this process dies with it, its own intent leads the next one to the message.
    template <class Alive>
    [[nodiscard]] bool try_adopt(claim& won, Alive alive) {
        static_assert(KeepForOthers);
        auto orphan = no_ticket;
        const auto find = [&](std::size_t, const claim& held) {
            orphan = orphan_of(held, alive);
            return orphan != no_ticket;
        };
        if (!ring_->receiving_.any(find) && !ring_->inherited_.any(find)) {
            return false;
        }
        ring_->receiving_.declare(place_, orphan, 1);
        PARLEY_CRASH_POINT("mpmc: dead receiver's message adopted, not read");
        won = {orphan, 1};
        return true;
    }

    /// Whether a released claim ended a part of the slots that could be given back.
    [[nodiscard]] bool at_chunk_end(const claim& won) const noexcept requires requires(typename Slots::view& view) {
        view.ends_chunk(std::uint64_t{});
    }
    { return slots_.ends_chunk(won.first + won.count); }

    /// Gives memory of drained slots back, if the slots can. The intents say who may still look at which slot: the
    /// hazard pointers of this ring (Michael, 2004).
    template <class SenderAlive, class ReceiverAlive>
    void reclaim(SenderAlive sender_alive, ReceiverAlive receiver_alive) {
        slots_.reclaim(ring_->head_.load(std::memory_order_acquire), [&](std::uint64_t first, std::uint64_t last) {
            const auto overlaps = [&](const claim& held) {
                return held.first < last && held.first + held.count > first;
            };
            return ring_->sending_.any([&](std::size_t place, const claim& held) {
                return overlaps(held) && sender_alive(place);
            }) || ring_->receiving_.any([&](std::size_t place, const claim& held) {
                return overlaps(held) && (receiver_alive(place) || is_kept(held, receiver_alive));
            }) || ring_->inherited_.any([&](std::size_t, const claim& held) {
                return overlaps(held) && is_kept(held, receiver_alive);
            });
        });
    }

private:
    /// Declares the intent and moves the counter from `ticket` on by `count`; on failure `ticket` is where the counter
    /// stands now.
    [[nodiscard]] bool win(std::uint64_t& ticket, std::size_t count) noexcept {
        if constexpr (many_receivers) {
            ring_->receiving_.declare(place_, ticket, count);
            PARLEY_CRASH_POINT("mpmc: receiving intent declared, ticket not won");
            return ring_->head_.compare_exchange_weak(ticket, ticket + count, std::memory_order_release,  // I1
                                                      std::memory_order_relaxed);
        } else {
            return true;
        }
    }

    /// Whether a message among those that a dead receiver held waits for another.
    template <class Alive>
    [[nodiscard]] bool is_kept(const claim& held, Alive alive) {
        return KeepForOthers && orphan_of(held, alive) != no_ticket;
    }

    /// The first of the tickets in `held` that was won, not finished with, and whose winner is dead.
    template <class Alive>
    [[nodiscard]] std::uint64_t orphan_of(const claim& held, Alive alive) {
        const auto head = ring_->head_.load(std::memory_order_acquire);  // I2
        const auto count = slots_.together(held.first, held.count);      // a hostile peer may have written anything
        for (auto ticket = held.first; ticket - held.first < count && ticket < head; ++ticket) {
            const auto* slot = slots_.at(ticket);
            const auto waits = [&] {
                return slot != nullptr &&
                       slot->sequence.load(std::memory_order_acquire) == slot_state::published(ticket);
            };
            // Asked again after the intents: a live receiver may have finished with the message, and then wiped out its
            // intent, in between. Who sees the intent gone sees the slot freed.
            if (waits() && !ring_->receiving_.covered(ticket, alive) && waits()) {
                return ticket;
            }
        }
        return no_ticket;
    }

    [[nodiscard]] std::size_t count_published(std::uint64_t first, std::size_t limit) {
        for (std::size_t count = 0; count < limit; ++count) {
            const auto* slot = slots_.at(first + count);
            if (slot == nullptr ||
                slot->sequence.load(std::memory_order_acquire) != slot_state::published(first + count)) {  // P2
                return count;
            }
        }
        return limit;
    }

    void withdraw() noexcept {
        if constexpr (many_receivers) {
            ring_->receiving_.clear(place_);
        }
    }

    mpmc* ring_;
    typename Slots::view slots_;
    std::size_t place_;
    miss_counter misses_;
    stride stride_;
};

}  // namespace parley::ring
