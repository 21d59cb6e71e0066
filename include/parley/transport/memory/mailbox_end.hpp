#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <type_traits>
#include <utility>

#include <parley/os/clock.hpp>
#include <parley/os/error.hpp>
#include <parley/os/file_lock.hpp>
#include <parley/segment/locks.hpp>
#include <parley/segment/segment.hpp>
#include <parley/transport/memory/context.hpp>
#include <parley/transport/memory/queue.hpp>
#include <parley/transport/memory/rendezvous_engine.hpp>
#include <parley/transport/memory/ring_engine.hpp>

/// The links of a mailbox or a port in memory: one participant's end, attached to the segment.

namespace parley::transport::memory {

/// The engine for one role of a queue.
template <class C, class Queue, bool IsSender>
struct engine_selector {
    using message_type = typename C::message;
    using sender_side = typename C::template word<synchronization_axis>::sender_side;
    using receiver_side = typename C::template word<synchronization_axis>::receiver_side;
    static constexpr bool rendezvous = C::template word<buffering_axis>::rendezvous;
    static constexpr bool keeps = C::template word<addressing_axis>::delivery::redelivers;

    static constexpr auto choose() {
        if constexpr (rendezvous && IsSender) {
            return std::type_identity<rendezvous_sender<message_type, Queue, sender_side::waits>>{};
        } else if constexpr (rendezvous) {
            return std::type_identity<rendezvous_receiver<message_type, Queue>>{};
        } else if constexpr (lies_in_the_kernel<Queue>) {
            using side = std::conditional_t<IsSender, sender_side, receiver_side>;
            return std::type_identity<typename Queue::template engine<side, IsSender>>{};
        } else if constexpr (IsSender) {
            return std::type_identity<ring_sender<message_type, Queue>>{};
        } else {
            return std::type_identity<ring_receiver<message_type, Queue, keeps>>{};
        }
    }
    using type = typename decltype(choose())::type;
};

template <class C, class Queue, bool IsSender>
using engine_for = typename engine_selector<C, Queue, IsSender>::type;

/// `Queue::producer` or `Queue::consumer`.
template <class Queue, bool IsSender>
struct end_selector {
    using type = typename Queue::producer;
};
template <class Queue>
struct end_selector<Queue, false> {
    using type = typename Queue::consumer;
};

[[noreturn, gnu::cold]] inline void throw_no_place(const std::string& path, bool is_sender, std::size_t places) {
    const std::string role = is_sender ? "sender" : "receiver";
    if (places == 1) {
        throw_error(errc::in_use, path + " already has its one live " + role +
                                      "; use a mailbox for several, or wait until it has ended");
    }
    throw_error(errc::too_many_participants,
                path + " has " + std::to_string(places) + " live " + role +
                    "s, as many as there are places; let one leave, or divide them among several channels");
}

/// One sender's or receiver's end of a mailbox or port.
template <class C, class Backing, bool IsSender>
class mailbox_end {
    using context_type = mailbox_context<C, Backing, IsSender>;
    using body_type = typename context_type::body_type;
    using segment_type = typename context_type::segment_type;
    using queue_type = typename body_type::queue_type;
    using queue_end = typename end_selector<queue_type, IsSender>::type;
    using engine_type = engine_for<C, queue_type, IsSender>;

public:
    using message_type = typename C::message;

    /// What a sender or receiver works with. Stays where it is when the end is moved.
    class core {
    public:
        static constexpr bool in_place = !lies_in_the_kernel<queue_type>;
        static constexpr bool has_bell = !IsSender && rings<typename body_type::receiver_side, queue_type>;

        core(context_type&& context, engine_type&& engine) : context_(std::move(context)), engine_(std::move(engine)) {}

        [[nodiscard]] context_type& context() noexcept { return context_; }
        [[nodiscard]] engine_type& sender() noexcept requires IsSender { return engine_; }
        [[nodiscard]] engine_type& receiver() noexcept requires(!IsSender) { return engine_; }
        [[nodiscard]] int native_handle() const noexcept requires pollable_queue<queue_type> {
            return engine_.handle();
        }
        [[nodiscard]] int native_handle() requires has_bell { return context_.bell_handle(); }

    private:
        context_type context_;
        engine_type engine_;
    };

    static constexpr segment::identity identity{C::fingerprint, C::description, segment::whole_size<body_type>};

    mailbox_end() noexcept = default;
    mailbox_end(mailbox_end&& other) noexcept : core_(std::exchange(other.core_, nullptr)) {}
    mailbox_end& operator=(mailbox_end&& other) noexcept {
        if (this != &other) {
            detach();
            core_ = std::exchange(other.core_, nullptr);
        }
        return *this;
    }
    mailbox_end(const mailbox_end&) = delete;
    mailbox_end& operator=(const mailbox_end&) = delete;
    ~mailbox_end() { detach(); }

    /// Attaches to the channel of that name.
    static mailbox_end open(segment::attachment_request request) {
        request.id = identity;
        request.has_owner = context_type::has_owner;
        if constexpr (IsSender && C::template word<addressing_axis>::owned) {
            // A port is made by its receiver.
            if (request.mode == segment::opening::create_only) {
                throw_error(errc::bad_state, "creating the port '" + std::string(request.name) +
                                                 "' from a sender: a port is created by its receiver; open it instead");
            }
            request.mode = segment::opening::open_only;
        }
        mailbox_end result;
        result.attach([&](auto join) { return segment_type::attach(request, join); });
        return result;
    }

    /// Attaches to an anonymous channel by a descriptor of it.
    static mailbox_end open_descriptor(int file) {
        mailbox_end result;
        result.attach([&](auto join) { return segment_type::attach_to(file, identity, join); }, file);
        return result;
    }

    static os::descriptor create_anonymous() { return segment_type::create_anonymous(identity); }

    static bool remove(std::string_view name) {
        return segment_type::remove(name, identity, [](body_type& body) {
            body.senders_lot.wake_all();
            body.receivers_lot.wake_all();
        });
    }

    /// Null after a move.
    [[nodiscard]] core* get() const noexcept { return core_; }

private:
    /// Does the attaching with `perform(join)` and takes a place on the way.
    template <class Perform>
    void attach(Perform perform, int bundle = -1) {
        std::optional<queue_end> end;
        std::size_t place = 0;
        auto attached = perform([&](segment_type& joined) { place = take_place(joined, end); });
        if constexpr (lies_in_the_kernel<queue_type>) {
            attached.body().queue.begin(attached, 0, C::description, bundle, *end);
        }
        core_ = new core(context_type{std::move(attached), place}, engine_type{std::move(*end)});
    }

    /// At the gate: takes the first free place of this role.
    static std::size_t take_place(segment_type& joined, std::optional<queue_end>& end) {
        constexpr auto places = IsSender ? body_type::sender_places : body_type::receiver_places;
        constexpr auto own = IsSender ? segment::locks::sender_places : segment::locks::receiver_places;
        constexpr auto other = IsSender ? segment::locks::receiver_places : segment::locks::sender_places;
        auto& body = joined.body();
        const auto alive_at = [&](std::uint32_t first) { return alive{joined.file(), first}; };
        for (std::size_t place = 0; place < places; ++place) {
            const auto byte = own + static_cast<std::uint32_t>(place);
            if (!os::try_lock_byte(joined.file(), byte)) {
                continue;
            }
            end.emplace(make_end<queue_end>(body.queue, place, joined.growth()));
            if (!end->occupy(alive_at(other), alive_at(own))) {
                os::unlock_byte(joined.file(), byte);
                continue;
            }
            const auto bit = std::uint64_t{1} << place;
            if constexpr (IsSender) {
                body.senders_lot.occupy(place);
                body.attached_senders.fetch_or(bit, std::memory_order_relaxed);
            } else {
                body.receivers_lot.occupy(place);
                body.attached_receivers.fetch_or(bit, std::memory_order_relaxed);
                body.turnstile.join(place);
            }
            return place;
        }
        throw_no_place(joined.path(), IsSender, places);
    }

    struct alive {
        int file;
        std::uint32_t first;
        bool operator()(std::size_t place) const noexcept {
            return os::byte_is_locked_by_other(file, first + static_cast<std::uint32_t>(place));
        }
    };

    void detach() noexcept {
        if (core_ == nullptr) {
            return;
        }
        auto& context = core_->context();
        auto& segment = context.segment();
        if (!segment.inherited()) {
            if constexpr (requires(engine_type & engine) { engine.linger(); }) {
                core_->sender().linger();
            }
            segment.leave([&](segment_type& left) {
                auto& body = left.body();
                const auto bit = std::uint64_t{1} << context.place();
                if constexpr (IsSender) {
                    body.attached_senders.fetch_and(~bit, std::memory_order_relaxed);
                } else {
                    body.attached_receivers.fetch_and(~bit, std::memory_order_relaxed);
                    body.turnstile.depart(context.place());
                }
                // Free at once: a child forked meanwhile has the descriptor too, and with it the lock.
                constexpr auto own = IsSender ? segment::locks::sender_places : segment::locks::receiver_places;
                os::unlock_byte(left.file(), own + static_cast<std::uint32_t>(context.place()));
            });
            context.wake_everybody();
        }
        delete std::exchange(core_, nullptr);
    }

    core* core_ = nullptr;  ///< its own: where loans and takes find it, wherever this moves
};

}  // namespace parley::transport::memory
