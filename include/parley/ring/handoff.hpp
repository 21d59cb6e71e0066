#pragma once

#include <array>
#include <atomic>
#include <bit>
#include <cstddef>
#include <cstdint>

#include <parley/os/cpu.hpp>
#include <parley/os/crash_point.hpp>
#include <parley/ring/ticket.hpp>

/// The rendezvous: a channel of capacity zero. A message passes only while a sender and a receiver are both there.
///
/// How it works. Each sender and each receiver has a *desk* of its own with room for one message. Two ways to meet:
///   - an *offer*: a sender that waits writes its message on its own desk and marks it "offered"; a receiver takes it
///     from there ("taking") and marks the desk "idle" again, which is what the sender waits for. Until a receiver has
///     committed, the sender may take the offer back: nothing is in the link.
///   - a *reservation*: a receiver that waits marks its own desk "reserved"; a sender that will not wait writes into it
///     ("writing", then "written"). Without a reservation such a sender fails.
/// Receivers that wait do both, look at the offers and reserve, so each kind of sender meets each kind of receiver but
/// for one pair: two that both will not wait.
///
/// The word of a desk holds a generation, the other party's place, and the state; every step is a compare-and-swap on
/// the whole word, so a step on an outdated look fails (no ABA). Orders: "offered" and "written" are stored with
/// release and acquired by the one who reads the message (D1 -> D2); "idle" likewise for the one who reuses the desk.
///
/// When a process is killed:
///   sender with an offer            a receiver that comes by finds it dead and wipes the offer out: it was never sent.
///   receiver while taking           the sender, still waiting, finds it dead and renews its offer ("returned" until
///                                   the message is on the desk again): nothing is lost.
///   receiver after "idle"           the message was received.
///   receiver with a reservation     a sender that comes by finds it dead and wipes the reservation out.
///   sender while writing            the receiver finds it dead and renews its reservation.
///   sender after "written"          the message is sent.
///   receiver after "written"        the message dies with the receiver that had committed to take it.

namespace parley::ring {

template <std::size_t PayloadSize, std::size_t PayloadAlignment, std::size_t Senders, std::size_t Receivers,
          template <class> class Atomic = std::atomic>
class handoff {
    static_assert(Senders <= 64 && Receivers <= 64, "one bit each in one word");

public:
    class producer;
    class consumer;

private:
    enum class state : std::uint64_t {
        idle = 0,
        offered,   // a sender's desk: a message waits for a receiver
        taking,    // a sender's desk: the receiver at `other` has committed to it
        returned,  // a sender's desk: that receiver is dead, the sender has to put the message there again
        reserved,  // a receiver's desk: room for a message
        writing,   // a receiver's desk: the sender at `other` is writing
        written,   // a receiver's desk: there it is
    };

    struct word {
        std::uint64_t value;

        [[nodiscard]] static constexpr word make(std::uint64_t generation, std::size_t other, state now) noexcept {
            return {(generation << 16) | (static_cast<std::uint64_t>(other) << 8) | static_cast<std::uint64_t>(now)};
        }
        [[nodiscard]] constexpr state now() const noexcept { return static_cast<state>(value & 0xff); }
        [[nodiscard]] constexpr std::size_t other() const noexcept { return (value >> 8) & 0x3f; }
        [[nodiscard]] constexpr std::uint64_t generation() const noexcept { return value >> 16; }

        /// The same meeting one step on.
        [[nodiscard]] constexpr word to(state next, std::size_t other_place) const noexcept {
            return make(generation(), other_place, next);
        }
        /// The end of this meeting, so the beginning of the next.
        [[nodiscard]] constexpr word next(state first) const noexcept { return make(generation() + 1, 0, first); }
    };

    struct desk {
        alignas(os::cache_line) Atomic<std::uint64_t> state_word{0};
        alignas(PayloadAlignment) std::array<std::byte, PayloadSize> payload;

        [[nodiscard]] word look() const noexcept { return {state_word.load(std::memory_order_acquire)}; }  // D2
        void set(word to) noexcept { state_word.store(to.value, std::memory_order_release); }              // D1
        [[nodiscard]] bool swap(word from, word to) noexcept {
            return state_word.compare_exchange_strong(from.value, to.value, std::memory_order_acq_rel,
                                                      std::memory_order_relaxed);
        }
    };

    static constexpr std::uint64_t bit(std::size_t place) noexcept { return std::uint64_t{1} << place; }

    /// Calls `visit(place)` for the set bits from `start` on, round the end, until it returns true.
    template <std::size_t Places, class Visit>
    static bool any(std::uint64_t mask, std::size_t start, Visit visit) {
        if constexpr (Places < 64) {
            mask &= bit(Places) - 1;  // a hostile peer may have written anything
        }
        for (auto rest = std::rotr(mask, static_cast<int>(start)); rest != 0; rest &= rest - 1) {
            if (visit((start + static_cast<std::size_t>(std::countr_zero(rest))) % 64)) {
                return true;
            }
        }
        return false;
    }

    // The masks say which desks are worth a look. They only hint: the desk's word decides.
    alignas(os::cache_line) Atomic<std::uint64_t> offers_{0};
    alignas(os::cache_line) Atomic<std::uint64_t> reservations_{0};
    std::array<desk, Senders> senders_;
    std::array<desk, Receivers> receivers_;
};

template <std::size_t PayloadSize, std::size_t PayloadAlignment, std::size_t Senders, std::size_t Receivers,
          template <class> class Atomic>
class handoff<PayloadSize, PayloadAlignment, Senders, Receivers, Atomic>::producer {
public:
    producer(handoff& shared, std::size_t place) : shared_(&shared), place_(place) {}

    /// To be called once by a new holder of the place: wipes out what a dead predecessor offered, and renews the
    /// reservations into which it was writing. From now on this place is alive, and nobody else would.
    template <class PeerAlive, class FellowAlive>
    [[nodiscard]] bool occupy(PeerAlive receiver_alive, FellowAlive) noexcept {
        for (auto& desk : shared_->receivers_) {
            const auto found = desk.look();
            if (found.now() == state::writing && found.other() == place_) {
                static_cast<void>(desk.swap(found, found.next(state::reserved)));
            }
        }
        for (;;) {  // a receiver that takes the place's new life for the old one's may just be taking its offer
            const auto found = own().look();
            if (found.now() == state::taking && receiver_alive(found.other())) {
                return false;  // a live receiver is still reading there
            }
            if (own().swap(found, found.next(state::idle))) {
                break;
            }
        }
        shared_->offers_.fetch_and(~bit(place_), std::memory_order_relaxed);
        return true;
    }

    /// Where the message of an offer goes.
    [[nodiscard]] std::byte* payload() noexcept { return own().payload.data(); }

    /// Offers the message on the desk to whoever receives.
    void offer() noexcept {
        auto& desk = own();
        desk.set(desk.look().next(state::offered));  // D1
        PARLEY_CRASH_POINT("handoff: offered, not announced");
        // Sequentially consistent, like a receiver's announcement: of an offer and a reservation made at the same time
        // at least one is seen by the other side.
        shared_->offers_.fetch_or(bit(place_), std::memory_order_seq_cst);
        PARLEY_CRASH_POINT("handoff: offer announced");
    }

    /// Whether the offered message has been received.
    [[nodiscard]] bool received() const noexcept { return own().look().now() == state::idle; }

    /// Takes the offer back. False if a receiver has committed to it.
    [[nodiscard]] bool withdraw() noexcept {
        auto& desk = own();
        const auto found = desk.look();
        // Anything but "offered" here is what a hostile peer wrote: a deadline must not wait for that.
        const bool withdrawn =
            found.now() != state::taking && found.now() != state::idle && desk.swap(found, found.next(state::idle));
        if (withdrawn) {
            finish();
        }
        return withdrawn;
    }

    /// After `received`.
    void finish() noexcept { shared_->offers_.fetch_and(~bit(place_), std::memory_order_relaxed); }

    /// While waiting: if the receiver that had committed died, offers the message again. Whether it did.
    template <class Alive>
    bool resolve(Alive receiver_alive) noexcept {
        return take_return(receiver_alive) && renew();
    }

    /// The two halves of that, for one whose desk is empty when the message has been read: between them it puts the
    /// message there again.
    template <class Alive>
    [[nodiscard]] bool take_return(Alive receiver_alive) noexcept {
        auto& desk = own();
        const auto found = desk.look();
        return found.now() == state::returned || (found.now() == state::taking && !receiver_alive(found.other()) &&
                                                  desk.swap(found, found.next(state::returned)));
    }
    bool renew() noexcept {
        auto& desk = own();
        const auto found = desk.look();
        if (found.now() == state::returned && desk.swap(found, found.next(state::offered))) {
            shared_->offers_.fetch_or(bit(place_), std::memory_order_seq_cst);
            return true;
        }
        return false;
    }

    /// Wins the desk of a receiver that is waiting. `receiver` is where.
    template <class Alive>
    [[nodiscard]] bool try_meet(Alive receiver_alive, std::size_t& receiver) noexcept {
        return any<Receivers>(shared_->reservations_.load(std::memory_order_seq_cst), start_++ % 64,
                              [&](std::size_t place) {
                                  auto& desk = shared_->receivers_[place];
                                  const auto found = desk.look();
                                  if (found.now() != state::reserved) {
                                      return false;
                                  }
                                  if (!receiver_alive(place)) {
                                      if (desk.swap(found, found.next(state::idle))) {
                                          shared_->reservations_.fetch_and(~bit(place), std::memory_order_relaxed);
                                      }
                                      return false;
                                  }
                                  if (!desk.swap(found, found.to(state::writing, place_))) {
                                      return false;
                                  }
                                  PARLEY_CRASH_POINT("handoff: writing into a reservation");
                                  receiver = place;
                                  return true;
                              });
    }

    [[nodiscard]] std::byte* payload_of(std::size_t receiver) noexcept {
        return shared_->receivers_[receiver].payload.data();
    }

    /// The message is written: the receiver has it. False if the receiver has given up on this sender.
    bool hand_over(std::size_t receiver) noexcept {
        auto& desk = shared_->receivers_[receiver];
        const auto found = desk.look();
        return found.now() == state::writing && found.other() == place_ &&
               desk.swap(found, found.to(state::written, place_));  // D1
    }

    /// Gives the reservation back unused.
    void give_back(std::size_t receiver) noexcept {
        auto& desk = shared_->receivers_[receiver];
        const auto found = desk.look();
        if (found.now() == state::writing && found.other() == place_) {
            static_cast<void>(desk.swap(found, found.next(state::reserved)));
        }
    }

private:
    [[nodiscard]] desk& own() const noexcept { return shared_->senders_[place_]; }

    handoff* shared_;
    std::size_t place_;
    std::size_t start_ = 0;  // where to begin looking, so that no receiver is always first
};

template <std::size_t PayloadSize, std::size_t PayloadAlignment, std::size_t Senders, std::size_t Receivers,
          template <class> class Atomic>
class handoff<PayloadSize, PayloadAlignment, Senders, Receivers, Atomic>::consumer {
public:
    consumer(handoff& shared, std::size_t place) : shared_(&shared), place_(place) {}

    /// To be called once by a new holder of the place: wipes out a dead predecessor's reservation, and renews the
    /// offers that it was taking. From now on this place is alive, and nobody else would.
    template <class PeerAlive, class FellowAlive>
    [[nodiscard]] bool occupy(PeerAlive sender_alive, FellowAlive) noexcept {
        return take_over(sender_alive, state::offered);
    }

    /// The same where a desk is empty when its message has been read: the senders renew their offers themselves.
    template <class PeerAlive>
    [[nodiscard]] bool occupy_and_return(PeerAlive sender_alive) noexcept {
        return take_over(sender_alive, state::returned);
    }

    /// After `try_take`, when there was nothing to read: the sender has to put the message there again.
    void give_back(std::size_t sender) noexcept {
        auto& desk = shared_->senders_[sender];
        const auto found = desk.look();
        if (found.now() == state::taking && found.other() == place_) {
            static_cast<void>(desk.swap(found, found.next(state::returned)));
        }
    }

    /// Commits to a waiting sender's offer.
    template <class Alive>
    [[nodiscard]] bool try_take(Alive sender_alive, std::size_t& sender) noexcept {
        return any<Senders>(shared_->offers_.load(std::memory_order_seq_cst), start_++ % 64, [&](std::size_t place) {
            auto& desk = shared_->senders_[place];
            const auto found = desk.look();
            if (found.now() != state::offered) {
                return false;
            }
            if (!sender_alive(place)) {
                if (desk.swap(found, found.next(state::idle))) {
                    shared_->offers_.fetch_and(~bit(place), std::memory_order_relaxed);
                }
                return false;
            }
            if (!desk.swap(found, found.to(state::taking, place_))) {
                return false;
            }
            PARLEY_CRASH_POINT("handoff: committed to an offer");
            sender = place;
            return true;
        });
    }

    [[nodiscard]] const std::byte* payload_of(std::size_t sender) noexcept {
        return shared_->senders_[sender].payload.data();
    }

    /// The message has been read: the sender may go on.
    void done_with(std::size_t sender) noexcept {
        PARLEY_CRASH_POINT("handoff: read, not acknowledged");
        auto& desk = shared_->senders_[sender];
        const auto found = desk.look();
        if (found.now() == state::taking && found.other() == place_) {
            static_cast<void>(desk.swap(found, found.next(state::idle)));
        }
    }

    /// Opens the own desk to senders that will not wait.
    void reserve() noexcept {
        auto& desk = own();
        desk.set(desk.look().next(state::reserved));
        PARLEY_CRASH_POINT("handoff: reserved, not announced");
        shared_->reservations_.fetch_or(bit(place_), std::memory_order_seq_cst);
        PARLEY_CRASH_POINT("handoff: reservation announced");
    }

    /// Whether a message has been written into the reservation.
    [[nodiscard]] bool written() const noexcept { return own().look().now() == state::written; }

    /// Whether some sender seems to offer.
    [[nodiscard]] bool offered() const noexcept {
        return any<Senders>(shared_->offers_.load(std::memory_order_seq_cst), 0,
                            [&](std::size_t place) { return shared_->senders_[place].look().now() == state::offered; });
    }

    /// Takes the reservation back. False if a sender has come: it is writing or has written.
    [[nodiscard]] bool withdraw() noexcept {
        auto& desk = own();
        const auto found = desk.look();
        // Anything but "reserved" here is what a hostile peer wrote: a deadline must not wait for that.
        const bool withdrawn =
            found.now() != state::writing && found.now() != state::written && desk.swap(found, found.next(state::idle));
        if (withdrawn) {
            shared_->reservations_.fetch_and(~bit(place_), std::memory_order_relaxed);
        }
        return withdrawn;
    }

    /// While waiting: if the sender that was writing died, reserves again. Whether it did.
    template <class Alive>
    bool resolve(Alive sender_alive) noexcept {
        auto& desk = own();
        const auto found = desk.look();
        return found.now() == state::writing && !sender_alive(found.other()) &&
               desk.swap(found, found.next(state::reserved));
    }

    /// The message written into the reservation.
    [[nodiscard]] const std::byte* payload() noexcept { return own().payload.data(); }

    /// Done with it.
    void done() noexcept {
        auto& desk = own();
        desk.set(desk.look().next(state::idle));
        shared_->reservations_.fetch_and(~bit(place_), std::memory_order_relaxed);
    }

private:
    /// `left`: what becomes of an offer that the predecessor was taking.
    template <class PeerAlive>
    [[nodiscard]] bool take_over(PeerAlive sender_alive, state left) noexcept {
        for (auto& desk : shared_->senders_) {
            const auto found = desk.look();
            if (found.now() == state::taking && found.other() == place_) {
                static_cast<void>(desk.swap(found, found.next(left)));
            }
        }
        for (;;) {  // a sender that takes the place's new life for the old one's may just be coming
            const auto found = own().look();
            if (found.now() == state::writing && sender_alive(found.other())) {
                return false;  // a live sender is still writing there
            }
            if (own().swap(found, found.next(state::idle))) {
                break;
            }
        }
        shared_->reservations_.fetch_and(~bit(place_), std::memory_order_relaxed);
        return true;
    }

    [[nodiscard]] desk& own() const noexcept { return shared_->receivers_[place_]; }

    handoff* shared_;
    std::size_t place_;
    std::size_t start_ = 0;
};

}  // namespace parley::ring
