#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <string>
#include <type_traits>
#include <utility>

#include <parley/addressing/concept.hpp>
#include <parley/buffering/concept.hpp>
#include <parley/lifetime/concept.hpp>
#include <parley/os/clock.hpp>
#include <parley/os/error.hpp>
#include <parley/os/fence.hpp>
#include <parley/os/file_lock.hpp>
#include <parley/segment/locks.hpp>
#include <parley/segment/segment.hpp>
#include <parley/synchronization/concept.hpp>
#include <parley/transport/concept.hpp>
#include <parley/transport/death_notice.hpp>
#include <parley/transport/memory/queue.hpp>
#include <parley/transport/memory/ring_engine.hpp>
#include <parley/transport/memory/turnstile.hpp>
#include <parley/wait/bell.hpp>
#include <parley/wait/parking_lot.hpp>

namespace parley::transport::memory {

/// How many polls in vain pass between two looks for peers.
inline constexpr unsigned polls_per_look = 256;

/// The parking lot of one side of a composition, or nothing where that side never waits.
template <class Side, std::size_t Places>
struct lot_selector {
    static constexpr auto choose() {
        if constexpr (Side::waits) {
            return std::type_identity<waiting::parking_lot<typename Side::strategy, Places>>{};
        } else {
            return std::type_identity<waiting::no_parking>{};
        }
    }
    using type = typename decltype(choose())::type;
};

template <class Side, std::size_t Places>
using lot_for = typename lot_selector<Side, Places>::type;

/// Whether somebody on that side may be asleep and must be woken.
template <class Side>
[[nodiscard]] constexpr bool sleeps() noexcept {
    if constexpr (Side::waits) {
        return Side::strategy::sleeps;
    } else {
        return false;
    }
}

/// What lies in the segment of a mailbox or a port.
template <class C, class Backing>
struct mailbox_body {
    using addressing = typename C::template word<addressing_axis>;
    using synchronization = typename C::template word<synchronization_axis>;
    using sender_side = typename synchronization::sender_side;
    using receiver_side = typename synchronization::receiver_side;

    static constexpr std::size_t sender_places = addressing::many_senders ? places_of_many : 1;
    static constexpr std::size_t receiver_places = addressing::many_receivers ? places_of_many : 1;

    using queue_type = queue_for<typename C::message, typename C::template word<buffering_axis>, sender_places,
                                 receiver_places, addressing::delivery::redelivers, Backing>;

    [[no_unique_address]] typename objects_beside<queue_type, 1>::type objects;  // first: transport/queue/objects.hpp
    std::atomic<std::uint64_t> attached_senders{0};  ///< a bit for each place whose holder has not left in good order
    std::atomic<std::uint64_t> attached_receivers{0};
    turnstile_for<typename addressing::selection> turnstile;
    [[no_unique_address]] lot_for<sender_side, sender_places> senders_lot;
    [[no_unique_address]] lot_for<receiver_side, receiver_places> receivers_lot;
    queue_type queue;
};

[[noreturn, gnu::cold, gnu::noinline]] inline void throw_closed(const std::string& path, segment::closing why) {
    throw_error(errc::closed, path + " is closed: " +
                                  (why == segment::closing::owner_died ? "its owner was killed"
                                                                       : "it was removed, or its owner has left") +
                                  "; open it again when a new one exists");
}

[[noreturn, gnu::cold, gnu::noinline]] inline void throw_partner_died(const std::string& path) {
    throw_error(errc::peer_died, "waiting on " + path +
                                     ": the only process that could have ended this wait was killed; start it again, "
                                     "then open the channel anew");
}

/// What one participant of a mailbox or port knows of the others: the context of the engines.
template <class C, class Backing, bool IsSender>
class mailbox_context {
public:
    using body_type = mailbox_body<C, Backing>;
    using segment_type = segment::segment<Backing, body_type>;
    using addressing = typename C::template word<addressing_axis>;
    using side = std::conditional_t<IsSender, typename body_type::sender_side, typename body_type::receiver_side>;

    /// Set while a slot is lent to the user: nothing else may be claimed meanwhile.
    bool loan_out = false;
    bool take_out = false;

    /// Whether this side waits, for what only processes that are known can do: a wait ends with them.
    static constexpr bool hangs_on_peers =
        side::waits && (addressing::owned || !C::template word<transport_axis>::capabilities.named);

    /// Batches are cut into single messages where each belongs to another receiver.
    static constexpr bool one_by_one = addressing::selection::takes_turns;

    /// Whether a peer may be waiting for several links at once, where only this context's `wake_receivers` reaches it.
    static constexpr bool one_of_many_links = false;

    /// Whether the channel goes with one process. (An anonymous one goes with all of them.)
    static constexpr bool has_owner = C::template word<lifetime_axis>::until == lifetime::end::owner &&
                                      C::template word<transport_axis>::capabilities.named;

    mailbox_context() = default;
    mailbox_context(segment_type&& attached, std::size_t place) : segment_(std::move(attached)), place_(place) {}

    [[nodiscard]] segment_type& segment() noexcept { return segment_; }
    [[nodiscard]] std::size_t place() const noexcept { return place_; }

    [[nodiscard]] bool closed() const noexcept { return segment_.closed() != segment::closing::open; }

    /// Throws what the end of the channel is to the call at hand.
    [[noreturn]] void throw_closed() { throw_end(!always_room); }

    [[nodiscard]] death_notice& notice() noexcept requires(hangs_on_peers) { return notice_; }

    [[nodiscard]] bool sender_alive(std::size_t place) const noexcept {
        return (IsSender && place == place_) ||
               os::byte_is_locked_by_other(segment_.file(), byte(segment::locks::sender_places, place));
    }

    [[nodiscard]] bool receiver_alive(std::size_t place) const noexcept {
        return (!IsSender && place == place_) ||
               os::byte_is_locked_by_other(segment_.file(), byte(segment::locks::receiver_places, place));
    }

    /// Whether a live process is there to receive, or, of an anonymous channel, still may.
    [[nodiscard]] bool somebody_receives() const noexcept {
        if constexpr (!C::template word<transport_axis>::capabilities.named) {
            return os::byte_is_locked_by_other(segment_.file(), segment::locks::receivers);
        }
        for (std::size_t place = 0; place < body_type::receiver_places; ++place) {
            if (receiver_alive(place)) {
                return true;
            }
        }
        return false;
    }

    void wake_receivers(std::size_t count) noexcept {
        if constexpr (sleeps<typename body_type::receiver_side>()) {
            fence();
            auto& lot = body().receivers_lot;
            if (lot.anybody()) [[unlikely]] {
                wake_parked_receivers(count);
            }
        }
    }

    void wake_receiver(std::size_t place) noexcept {
        if constexpr (sleeps<typename body_type::receiver_side>()) {
            fence();
            body().receivers_lot.wake(place);
        }
    }

    void wake_senders(std::size_t count) noexcept {
        if constexpr (sleeps<typename body_type::sender_side>()) {
            fence();
            auto& lot = body().senders_lot;
            for (; count > 0 && lot.anybody(); --count)
                [[unlikely]] { lot.wake_one(); }
        }
    }

    void wake_sender(std::size_t place) noexcept {
        if constexpr (sleeps<typename body_type::sender_side>()) {
            fence();
            body().senders_lot.wake(place);
        }
    }

    void wake_everybody() noexcept {
        body().senders_lot.wake_all();
        body().receivers_lot.wake_all();
    }

    [[nodiscard]] bool admits() const noexcept { return body().turnstile.admits(place_); }

    /// Whether this receiver may receive now, by the mailbox's selection.
    [[nodiscard]] bool enter() {
        if constexpr (selective) {
            return body().turnstile.enter(place_) ||
                   (suspicion_.due() && resolve_turn() && body().turnstile.enter(place_));
        } else {
            return true;
        }
    }

    /// After a message has been received.
    void leave() noexcept {
        if constexpr (selective) {
            if (body().turnstile.leave(place_)) {
                wake_receivers(1);
            }
        }
    }

    /// Whether the last wait really slept; asked once.
    [[nodiscard]] bool was_asleep() noexcept { return was_asleep_ && std::exchange(was_asleep_, false); }

    /// A receive has found nothing, or a send no room: whether it is time for `look_for_peers`. A side that polls looks
    /// now and then too, or it would never learn that nobody is left.
    [[nodiscard]] bool nothing_came() noexcept { return counts_on_others && ++idle_polls_ % polls_per_look == 0; }
    [[nodiscard]] bool nothing_went() noexcept { return nothing_came(); }

    /// A sender that always finds room would never look for peers: now and then it does.
    void finds_room() {
        if (nothing_went()) {
            look_around();
        }
    }

    /// Closes the channel if nobody is left who could use it.
    template <class Ready>
    void look_for_peers(Ready) {
        look_around();
    }

    /// For a sender that lacks something else than room, which only a receiver could give: throws if, of an anonymous
    /// channel, nobody can receive any more. `waited`: for that it has just waited.
    void check_peer(bool waited) requires(!C::template word<transport_axis>::capabilities.named) {
        look_around();
        if (closed()) {
            throw_end(waited || !always_room);
        }
    }

    template <class Ready, class Resolve>
    [[nodiscard]] bool wait_to_send(os::deadline until, Ready ready, Resolve resolve,
                                    int looks = waiting::looks_before_sleep) {
        return wait(
            body().senders_lot, until, ready,
            [&] {
                resolve();
                look_around();
            },
            looks);
    }

    template <class Ready, class Resolve>
    [[nodiscard]] bool wait_to_receive(os::deadline until, Ready ready, Resolve resolve) {
        return wait(
            body().receivers_lot, until, [&] { return admits() && ready(); },
            [&] {
                resolve();
                if constexpr (selective) {
                    resolve_turn();
                }
                look_around();
            });
    }

    /// Waits somewhere else than in the channel's own lots (transport/queue/engine.hpp).
    template <class Lot, class Ready>
    [[nodiscard]] bool wait_on(Lot& lot, os::deadline until, Ready ready, int looks) {
        return wait(
            lot, until, ready, [&] { look_around(); }, looks);
    }

    /// The bell of this side's waits to receive (wait/bell.hpp).
    [[nodiscard]] int bell_handle() { return bell_.handle(body().receivers_lot, place_); }
    [[nodiscard]] bool has_bell() const noexcept { return bell_.hangs(); }
    void listen_for_bell() noexcept { bell_.listen(body().receivers_lot, place_); }

    /// Calls `adopt` if no other process is giving messages of the dead to the living at the moment.
    template <class Adopt>
    [[nodiscard]] bool with_recovery_lock(Adopt adopt) {
        if (!os::try_lock_byte(segment_.file(), segment::locks::recovery)) {
            return false;
        }
        struct unlock {
            int file;
            ~unlock() { os::unlock_byte(file, segment::locks::recovery); }
        } guard{segment_.file()};
        return adopt();
    }

private:
    static constexpr bool counts_on_others = has_owner || !C::template word<transport_axis>::capabilities.named;
    /// Whoever sends into a buffer without an end does not wait for others, however blocking that side is.
    static constexpr bool always_room =
        IsSender && C::template word<buffering_axis>::capacity == buffering::without_limit;
    static constexpr bool selective = turnstile_for<typename addressing::selection>::selective;

    /// `waits`: whether the call waits, unless it is an attempt.
    [[noreturn, gnu::cold, gnu::noinline]] void throw_end(bool waits) {
        const auto why = segment_.closed();
        if constexpr (hangs_on_peers) {
            if (why == segment::closing::owner_died && notice_.is_due(waits)) {
                throw_partner_died(segment_.path());
            }
        }
        memory::throw_closed(segment_.path(), why);
    }

    [[gnu::cold, gnu::noinline]] void wake_parked_receivers(std::size_t count) noexcept {
        auto& lot = body().receivers_lot;
        const auto target = body().turnstile.target();
        if (target != anybody) {
            lot.wake(target);
            return;
        }
        for (; count > 0 && lot.anybody(); --count) {
            lot.wake_one();
        }
    }

    [[nodiscard]] static std::uint32_t byte(std::uint32_t first, std::size_t place) noexcept {
        return first + static_cast<std::uint32_t>(place);
    }

    [[nodiscard]] body_type& body() const noexcept { return segment_.body(); }

    /// Before asking who sleeps. With turns, two sides that run often look at each other's stores: no asymmetry there.
    void fence() const noexcept {
        if constexpr (selective) {
            os::light_fence(false);
        } else {
            segment_.fence();
        }
    }

    bool resolve_turn() {
        const auto alive = [this](std::size_t place) { return receiver_alive(place); };
        if (!body().turnstile.resolve(alive)) {
            return false;
        }
        if (os::try_lock_byte(segment_.file(), segment::locks::gate)) {
            body().turnstile.forget_dead(alive);
            os::unlock_byte(segment_.file(), segment::locks::gate);
        }
        return true;
    }

    template <class Lot, class Ready, class LookAround>
    [[nodiscard]] bool wait(Lot& lot, os::deadline until, Ready ready, LookAround look,
                            int looks = waiting::looks_before_sleep) {
        const bool waited = waiting::wait_until(
            lot, place_, until, [&] { return ready() || closed(); }, look, was_asleep_, looks);
        if constexpr (hangs_on_peers) {
            // To a sender, room is of no use any more.
            if (waited && segment_.closed() == segment::closing::owner_died && (IsSender || !ready())) {
                throw_closed();
            }
        }
        return waited;
    }

    /// What a waiter looks for now and then: whether anybody is left who could end the wait.
    void look_around() {
        if constexpr (has_owner) {
            if (segment_.bury_dead_owner()) {
                wake_everybody();
            }
        }
        if constexpr (!C::template word<transport_axis>::capabilities.named) {
            const auto other_side = IsSender ? segment::locks::receivers : segment::locks::senders;
            if (!os::byte_is_locked_by_other(segment_.file(), other_side)) {
                const auto& attached = IsSender ? body().attached_receivers : body().attached_senders;
                // Whoever leaves in good order takes its bit along.
                segment_.close(attached.load(std::memory_order_relaxed) == 0 ? segment::closing::removed
                                                                             : segment::closing::owner_died);
            }
        }
    }

    segment_type segment_;
    std::size_t place_ = 0;
    suspicion suspicion_;
    unsigned idle_polls_ = 0;
    bool was_asleep_ = false;
    death_notice notice_;
    waiting::bell bell_;
};

}  // namespace parley::transport::memory
