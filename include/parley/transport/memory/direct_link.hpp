#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include <parley/os/clock.hpp>
#include <parley/os/error.hpp>
#include <parley/os/file_lock.hpp>
#include <parley/segment/locks.hpp>
#include <parley/segment/segment.hpp>
#include <parley/transport/memory/context.hpp>
#include <parley/transport/memory/mailbox_end.hpp>
#include <parley/transport/memory/queue.hpp>
#include <parley/wait/bell.hpp>
#include <parley/wait/parking_lot.hpp>

/// A direct link in memory: exactly two processes, one ring each way, in a segment of their own.

namespace parley::transport::memory {

/// What lies in the segment of a link. Side 0 is the one whose name sorts first.
template <class C, class Backing>
struct link_body {
    using synchronization = typename C::template word<synchronization_axis>;
    using sender_side = typename synchronization::sender_side;
    using receiver_side = typename synchronization::receiver_side;
    using queue_type = queue_for<typename C::message, typename C::template word<buffering_axis>, 1, 1, false, Backing>;

    struct side {
        [[no_unique_address]] lot_for<sender_side, 1> senders_lot;
        [[no_unique_address]] lot_for<receiver_side, 1> receivers_lot;
    };

    [[no_unique_address]] typename objects_beside<queue_type, 2>::type objects;  // first: transport/queue/objects.hpp
    std::atomic<std::uint32_t> attached{0};  ///< a bit for each side that came and has not left in good order
    std::atomic<std::uint32_t> left{0};      ///< a bit for each side that has left in good order
    std::array<side, 2> sides;
    std::array<queue_type, 2> queues;  ///< by the side that sends
};

/// Where the peer waits when it waits for anybody (an endpoint's home); nothing in an anonymous link.
template <class Side>
using home_lot = lot_for<Side, 1>;

/// The context of the engines of one side of a link.
template <class C, class Backing>
class link_context {
public:
    using body_type = link_body<C, Backing>;
    using segment_type = segment::segment<Backing, body_type>;
    using home_lot_type = home_lot<typename body_type::receiver_side>;

    /// Set while a slot is lent to the user: nothing else may be claimed meanwhile.
    bool loan_out = false;
    bool take_out = false;

    /// Set while the endpoint receives from anybody: that this one peer has gone ends nothing then.
    bool one_of_many = false;

    static constexpr bool one_by_one = false;
    static constexpr bool one_of_many_links = true;

    link_context() = default;
    link_context(segment_type&& attached, std::size_t side, bool peer_awaited)
        : segment_(std::move(attached)), side_(side), peer_awaited_(peer_awaited) {}

    [[nodiscard]] segment_type& segment() noexcept { return segment_; }
    [[nodiscard]] std::size_t side() const noexcept { return side_; }
    void set_home_of_peer(home_lot_type& lot) noexcept { home_of_peer_ = &lot; }

    [[nodiscard]] bool closed() const noexcept { return segment_.closed() != segment::closing::open; }

    [[noreturn, gnu::cold, gnu::noinline]] void throw_closed() const {
        throw_error(errc::closed,
                    segment_.path() + " is closed: the link was removed; send or ask again to make a new one");
    }

    [[nodiscard]] bool peer_alive() const noexcept { return alive(1 - side_); }

    // One on each side, so whoever is asked for is the peer.
    [[nodiscard]] bool sender_alive(std::size_t) const noexcept { return peer_alive(); }
    [[nodiscard]] bool receiver_alive(std::size_t) const noexcept { return peer_alive(); }

    /// As in `mailbox_context`.
    [[nodiscard]] bool somebody_receives() const noexcept {
        return peer_alive() || (!C::template word<transport_axis>::capabilities.named && peer_may_come());
    }

    void wake_receivers(std::size_t) noexcept {
        if constexpr (sleeps<typename body_type::receiver_side>()) {
            segment_.fence();
            auto& lot = peer().receivers_lot;
            if (lot.anybody()) [[unlikely]] {
                lot.wake_one();
            }
            if (home_of_peer_ != nullptr && home_of_peer_->anybody()) [[unlikely]] {
                home_of_peer_->wake_one();
            }
        }
    }
    void wake_receiver(std::size_t) noexcept { wake_receivers(1); }

    void wake_senders(std::size_t) noexcept {
        if constexpr (sleeps<typename body_type::sender_side>()) {
            segment_.fence();
            auto& lot = peer().senders_lot;
            if (lot.anybody()) [[unlikely]] {
                lot.wake_one();
            }
        }
    }
    void wake_sender(std::size_t) noexcept { wake_senders(1); }

    static constexpr bool admits() noexcept { return true; }
    static constexpr bool enter() noexcept { return true; }
    static constexpr void leave() noexcept {}
    static constexpr bool was_asleep() noexcept { return false; }

    /// A receive has found nothing, or a send no room. Whether it is time for a look, as in `mailbox_context`.
    [[nodiscard]] bool nothing_came() noexcept { return nothing_went(); }
    [[nodiscard]] bool nothing_went() noexcept { return ++idle_polls_ % polls_per_look == 0 && !one_of_many; }

    /// As in `mailbox_context`. What is sent to a name waits there for the process of that name; without a name nobody
    /// can come.
    void finds_room() {
        if constexpr (!C::template word<transport_axis>::capabilities.named) {
            if (nothing_went()) {
                check_peer();
            }
        }
    }

    /// Throws if the peer was here and is not any more, unless what it did before still counts: `ready()`.
    template <class Ready>
    void look_for_peers(Ready ready) {
        try {
            check_peer();
        } catch (const error&) {
            if (!ready()) {
                throw;
            }
        }
    }

    template <class Ready, class Resolve>
    [[nodiscard]] bool wait_to_send(os::deadline until, Ready ready, Resolve resolve,
                                    int looks = waiting::looks_before_sleep) {
        return wait(segment_.body().sides[side_].senders_lot, until, ready, resolve, looks);
    }

    template <class Ready, class Resolve>
    [[nodiscard]] bool wait_to_receive(os::deadline until, Ready ready, Resolve resolve) {
        return wait(segment_.body().sides[side_].receivers_lot, until, ready, resolve);
    }

    /// As in `mailbox_context`.
    template <class Lot, class Ready>
    [[nodiscard]] bool wait_on(Lot& lot, os::deadline until, Ready ready, int looks) {
        return wait(
            lot, until, ready, [] {}, looks);
    }

    /// The bell of this side's waits to receive (wait/bell.hpp).
    [[nodiscard]] int bell_handle() { return bell_.handle(segment_.body().sides[side_].receivers_lot, 0); }
    [[nodiscard]] bool has_bell() const noexcept { return bell_.hangs(); }
    void listen_for_bell() noexcept { bell_.listen(segment_.body().sides[side_].receivers_lot, 0); }

    /// Throws if the peer was here and is not any more.
    void check_peer(bool = false) {
        const auto bit = 1U << (1 - side_);
        const auto& body = segment_.body();
        // Asked before its lock: of a peer that comes in this moment the lock is there first.
        const bool was_attached = (body.attached.load(std::memory_order_acquire) & bit) != 0;
        if (peer_alive()) {
            peer_awaited_ = false;
            return;
        }
        const bool has_left = (body.left.load(std::memory_order_acquire) & bit) != 0;
        if (was_attached && !has_left) {
            throw_error(errc::peer_died, "waiting on " + segment_.path() +
                                             ": the peer was killed; the link works again when it is back");
        }
        if (has_left || !(peer_awaited_ && peer_may_come())) {
            throw_error(errc::closed,
                        "waiting on " + segment_.path() + ": the peer has left; the link works again when it is back");
        }
    }

private:
    [[nodiscard]] bool alive(std::size_t side) const noexcept {
        return os::byte_is_locked_by_other(segment_.file(),
                                           segment::locks::sender_places + static_cast<std::uint32_t>(side));
    }

    /// Of an anonymous link, whether somebody still holds the peer's end; of another, always.
    [[nodiscard]] bool peer_may_come() const noexcept {
        if constexpr (C::template word<transport_axis>::capabilities.named) {
            return true;
        } else {
            return os::byte_is_locked_by_other(segment_.file(),
                                               side_ == 0 ? segment::locks::receivers : segment::locks::senders);
        }
    }

    [[nodiscard]] typename body_type::side& peer() const noexcept { return segment_.body().sides[1 - side_]; }

    template <class Lot, class Ready, class Resolve>
    [[nodiscard]] bool wait(Lot& lot, os::deadline until, Ready ready, Resolve resolve,
                            int looks = waiting::looks_before_sleep) {
        bool slept = false;
        return waiting::wait_until(
            lot, 0, until, [&] { return ready() || closed(); },
            [&] {
                resolve();
                look_for_peers(ready);
            },
            slept, looks);
    }

    segment_type segment_;
    std::size_t side_ = 0;
    home_lot_type* home_of_peer_ = nullptr;
    unsigned idle_polls_ = 0;
    waiting::bell bell_;
    bool peer_awaited_ = true;  // it was not there when this side came, and has not been since
};

/// One side of a link: sends one way and receives the other.
template <class C, class Backing>
class link_end {
    using context_type = link_context<C, Backing>;
    using body_type = typename context_type::body_type;
    using segment_type = typename context_type::segment_type;
    using queue_type = typename body_type::queue_type;
    using sender_engine = engine_for<C, queue_type, true>;
    using receiver_engine = engine_for<C, queue_type, false>;

public:
    using message_type = typename C::message;

    /// What a link works with. Stays where it is when the end is moved.
    class core {
    public:
        static constexpr bool in_place = !lies_in_the_kernel<queue_type>;
        static constexpr bool has_bell = rings<typename body_type::receiver_side, queue_type>;

        core(context_type&& context, sender_engine&& sender, receiver_engine&& receiver)
            : context_(std::move(context)), sender_(std::move(sender)), receiver_(std::move(receiver)) {}
        core(const core&) = delete;
        core& operator=(const core&) = delete;
        ~core() = default;

        [[nodiscard]] context_type& context() noexcept { return context_; }
        [[nodiscard]] sender_engine& sender() noexcept { return sender_; }
        [[nodiscard]] receiver_engine& receiver() noexcept { return receiver_; }
        [[nodiscard]] int native_handle() const noexcept requires pollable_queue<queue_type> {
            return receiver_.handle();
        }
        [[nodiscard]] int native_handle() requires has_bell { return context_.bell_handle(); }

    private:
        context_type context_;
        sender_engine sender_;
        receiver_engine receiver_;
    };

    static constexpr segment::identity identity{C::fingerprint, C::description, segment::whole_size<body_type>};

    link_end() noexcept = default;
    link_end(link_end&&) noexcept = default;
    link_end& operator=(link_end&& other) noexcept {
        detach();
        core_ = std::move(other.core_);
        return *this;
    }
    link_end(const link_end&) = delete;
    link_end& operator=(const link_end&) = delete;
    ~link_end() { detach(); }

    static link_end open(segment::attachment_request request, std::size_t side) {
        request.id = identity;
        link_end result;
        result.attach(side, [&](auto join) { return segment_type::attach(request, join); });
        return result;
    }

    static link_end open_descriptor(int file, std::size_t side) {
        link_end result;
        result.attach(
            side, [&](auto join) { return segment_type::attach_to(file, identity, join); }, file);
        return result;
    }

    static os::descriptor create_anonymous() { return segment_type::create_anonymous(identity); }

    static bool remove(std::string_view name) {
        return segment_type::remove(name, identity, [](body_type& body) { wake_everybody(body); });
    }

    /// Null after a move or `detach`.
    [[nodiscard]] core* get() const noexcept { return core_.get(); }
    [[nodiscard]] context_type& context() noexcept { return core_->context(); }
    [[nodiscard]] receiver_engine& receiver() noexcept { return core_->receiver(); }

    /// Whether nobody is on the other side and nothing is left to receive.
    [[nodiscard]] bool abandoned() {
        auto& context = core_->context();
        try {
            return !context.peer_alive() && empty(context.segment());
        } catch (const error&) {  // there is garbage in it, which whoever receives is told of
            return false;
        }
    }

    /// Leaves in good order. Whether the link was taken away because nobody and nothing was left in it.
    bool detach() noexcept {
        bool removed = false;
        if (core_ == nullptr) {
            return removed;
        }
        auto& context = core_->context();
        auto& segment = context.segment();
        if (!segment.inherited()) {
            if constexpr (requires { core_->sender().linger(); }) {
                core_->sender().linger();
            }
            segment.leave([&](segment_type& left) {
                auto& body = left.body();
                const auto bit = 1U << context.side();
                body.left.fetch_or(bit, std::memory_order_release);
                body.attached.fetch_and(~bit, std::memory_order_release);
                // Before the gate opens: of two that leave at a time, the second must find itself alone.
                os::unlock_byte(left.file(),
                                segment::locks::sender_places + static_cast<std::uint32_t>(context.side()));
                if constexpr (C::template word<transport_axis>::capabilities.named) {
                    if (!context.peer_alive() && (goes_with_its_processes || empty(left))) {
                        left.discard();
                        removed = true;
                    }
                }
            });
            wake_everybody(segment.body());
        }
        core_.reset();
        return removed;
    }

private:
    static constexpr bool goes_with_its_processes = C::template word<lifetime_axis>::until == lifetime::end::owner;

    template <class Perform>
    void attach(std::size_t side, Perform perform, int bundle = -1) {
        using producer = typename queue_type::producer;
        using consumer = typename queue_type::consumer;
        std::optional<producer> out;
        std::optional<consumer> in;
        bool peer_awaited = true;
        auto attached = perform([&](segment_type& joined) {
            const auto byte = [](std::size_t of) {
                return segment::locks::sender_places + static_cast<std::uint32_t>(of);
            };
            if (!os::try_lock_byte(joined.file(), byte(side))) {
                throw_error(errc::in_use, joined.path() + ": this side of the link already has a live process");
            }
            auto& body = joined.body();
            const auto bit = 1U << side;
            const auto peer_bit = 1U << (1 - side);
            peer_awaited = !os::byte_is_locked_by_other(joined.file(), byte(1 - side));
            if (peer_awaited) {  // whatever a former peer left behind: this side now waits for a new one
                body.attached.fetch_and(~peer_bit, std::memory_order_relaxed);
                body.left.fetch_and(~peer_bit, std::memory_order_relaxed);
            }
            out.emplace(make_end<producer>(body.queues[side], 0, joined.growth(static_cast<unsigned>(side))));
            in.emplace(make_end<consumer>(body.queues[1 - side], 0, joined.growth(static_cast<unsigned>(1 - side))));
            const auto peer_alive = [&](std::size_t) {  // asked each time: it may die while it is waited for
                return os::byte_is_locked_by_other(joined.file(), byte(1 - side));
            };
            const auto no_fellows = [](std::size_t) { return false; };
            while (!out->occupy(peer_alive, no_fellows) || !in->occupy(peer_alive, no_fellows)) {
                wait_a_moment();  // the peer is finishing with what a predecessor of this side had begun
            }
            body.sides[side].senders_lot.occupy(0);
            body.sides[side].receivers_lot.occupy(0);
            body.left.fetch_and(~bit, std::memory_order_relaxed);
            body.attached.fetch_or(bit, std::memory_order_release);
        });
        if constexpr (lies_in_the_kernel<queue_type>) {
            auto& queues = attached.body().queues;
            queues[side].begin(attached, side, C::description, bundle, *out);
            queues[1 - side].begin(attached, 1 - side, C::description, bundle, *in);
        }
        core_ = std::make_unique<core>(context_type{std::move(attached), side, peer_awaited},
                                       sender_engine{std::move(*out)}, receiver_engine{std::move(*in)});
    }

    /// Whether nothing waits in either direction.
    [[nodiscard]] bool empty(segment_type& segment) {
        if constexpr (C::template word<buffering_axis>::rendezvous) {
            return true;
        } else if constexpr (lies_in_the_kernel<queue_type>) {
            return !core_->receiver().ready(core_->context()) && !core_->sender().anything_waits();
        } else {
            for (unsigned lane = 0; lane < 2; ++lane) {
                auto reader =
                    make_end<typename queue_type::consumer>(segment.body().queues[lane], 0, segment.growth(lane));
                if (reader.readable()) {
                    return false;
                }
            }
            return true;
        }
    }

    static void wake_everybody(body_type& body) noexcept {
        for (auto& side : body.sides) {
            side.senders_lot.wake_all();
            side.receivers_lot.wake_all();
        }
    }

    std::unique_ptr<core> core_;
};

}  // namespace parley::transport::memory
