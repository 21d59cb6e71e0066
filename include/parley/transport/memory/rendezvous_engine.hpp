#pragma once

#include <cstddef>
#include <ctime>
#include <optional>
#include <span>
#include <utility>

#include <parley/message/wire.hpp>
#include <parley/os/clock.hpp>
#include <parley/os/error.hpp>
#include <parley/transport/batch.hpp>
#include <parley/transport/death_notice.hpp>
#include <parley/transport/memory/ring_engine.hpp>

/// Sending and receiving by rendezvous: what the link is underneath for `zero` (ring/handoff.hpp). The interface is
/// that of the ring engine.

namespace parley::transport::memory {

/// Waits for a party that has committed and is about to finish, or dies; both soon.
inline void wait_a_moment() noexcept {
    constexpr timespec moment{0, 100'000};
    ::nanosleep(&moment, nullptr);
}

/// `Waits`: the sender's side is a blocking one, so a loan is written on its own desk and offered from there.
template <class Message, class Queue, bool Waits>
class rendezvous_sender {
public:
    static constexpr bool rendezvous = true;
    using wire = message::wire<Message>;
    using producer = typename Queue::producer;

    explicit rendezvous_sender(producer end) : producer_(std::move(end)) {}

    /// Sends to a receiver that is waiting already.
    template <class Context>
    [[nodiscard]] bool try_push(Context& context, const Message& content) {
        announce_size(wire::size(content));
        if (!meet(context)) {
            return false;
        }
        wire::write(producer_.payload_of(receiver_), content);
        return hand_over(context);
    }

    /// Offers the message and waits until somebody has received it.
    template <class Context>
    [[nodiscard]] bool push_until(Context& context, const Message& content, os::deadline until) {
        announce_size(wire::size(content));
        wire::write(producer_.payload(), content);
        return offer(context, until);
    }

    template <class Context>
    [[nodiscard]] std::size_t try_push_some(Context& context, std::span<const Message> content) {
        return push_one_by_one(content, [&](const Message& each) { return try_push(context, each); });
    }

    template <class Context>
    [[nodiscard]] std::byte* try_loan(Context& context) {
        if constexpr (Waits) {
            if (context.closed()) {
                context.throw_closed();
            }
            return producer_.payload();
        } else {
            return meet(context) ? producer_.payload_of(receiver_) : nullptr;
        }
    }

    /// Where a sender waits for a slot to lend: never, a blocking one lends its own desk at once.
    template <class Context>
    [[nodiscard]] static bool wait(Context&, os::deadline) noexcept requires Waits {
        return true;
    }

    template <class Context>
    bool send_loan(Context& context, os::deadline until) {
        if constexpr (Waits) {
            return offer(context, until);
        } else {
            return hand_over(context);
        }
    }

    template <class Context>
    void drop_loan(Context&) noexcept {
        if constexpr (!Waits) {
            producer_.give_back(receiver_);
        }
    }

    [[nodiscard]] static constexpr bool anything_waits() noexcept { return false; }

private:
    /// Where a message is copied to another place than the desk, only its own bytes are.
    void announce_size(std::size_t size) noexcept {
        if constexpr (requires { producer_.will_hold(size); }) {
            producer_.will_hold(size);
        }
    }

    template <class Context>
    [[nodiscard]] bool meet(Context& context) {
        if (context.closed()) [[unlikely]] {
            context.throw_closed();
        }
        if (producer_.try_meet([&](std::size_t place) { return context.receiver_alive(place); }, receiver_)) {
            return true;
        }
        if (context.nothing_went()) {
            context.look_for_peers([] { return false; });
        }
        return false;
    }

    template <class Context>
    bool hand_over(Context& context) {
        const bool handed = producer_.hand_over(receiver_);
        context.wake_receiver(receiver_);
        return handed;
    }

    template <class Context>
    [[nodiscard]] bool offer(Context& context, os::deadline until) {
        if (context.closed()) {
            context.throw_closed();
        }
        return told_by_success(context, [&] { return await_receiver(context, until); });
    }

    template <class Context>
    [[nodiscard]] bool await_receiver(Context& context, os::deadline until) {
        producer_.offer();
        context.wake_receivers(1);
        try {
            static_cast<void>(context.wait_to_send(
                until, [this] { return producer_.received(); },
                [&] {
                    if (resolve(context)) {
                        context.wake_receivers(1);
                    }
                }));
        } catch (const error&) {
            if (settle(context)) {
                return true;
            }
            throw;
        }
        if (settle(context)) {
            return true;
        }
        if (context.closed()) {
            context.throw_closed();
        }
        return false;
    }

    /// Ends an offer: true if it was received, false if it was taken back.
    template <class Context>
    [[nodiscard]] bool settle(Context& context) {
        while (!producer_.received()) {
            if (producer_.withdraw()) {
                return false;
            }
            static_cast<void>(resolve(context));
            wait_a_moment();
        }
        producer_.finish();
        return true;
    }

    template <class Context>
    bool resolve(Context& context) {
        return producer_.resolve([&](std::size_t place) { return context.receiver_alive(place); });
    }

    producer producer_;
    std::size_t receiver_ = 0;  // with whom the current meeting is
};

template <class Message, class Queue>
class rendezvous_receiver {
public:
    using wire = message::wire<Message>;
    using consumer = typename Queue::consumer;

    explicit rendezvous_receiver(consumer end) : consumer_(std::move(end)) {}

    /// Receives from a sender that is waiting already.
    template <class Context>
    [[nodiscard]] std::optional<Message> try_pop(Context& context) {
        return read(context, try_take(context));
    }

    template <class Context>
    [[nodiscard]] std::optional<Message> pop_until(Context& context, os::deadline until) {
        return read(context, take_until(context, until));
    }

    template <class Context>
    [[nodiscard]] std::size_t try_pop_some(Context& context, std::span<Message> content) {
        return pop_one_by_one(content, [&] { return try_pop(context); });
    }

    template <class Context>
    [[nodiscard]] const std::byte* try_take(Context& context) {
        on_own_desk_ = consumer_.written();
        if (on_own_desk_) {
            return consumer_.payload();
        }
        if (context.enter() &&
            consumer_.try_take([&](std::size_t place) { return context.sender_alive(place); }, sender_)) {
            return consumer_.payload_of(sender_);
        }
        if (context.nothing_came()) {
            context.look_for_peers([] { return false; });
        }
        if (context.closed()) {
            context.throw_closed();
        }
        return nullptr;
    }

    /// Takes a message, waiting for a sender with a reservation for those that will not wait themselves.
    template <class Context>
    [[nodiscard]] const std::byte* take_until(Context& context, os::deadline until) {
        return os::keep_trying(
            until, [&] { return try_take(context); }, [&] { return wait(context, until) || consumer_.written(); });
    }

    template <class Context>
    [[nodiscard]] bool wait(Context& context, os::deadline until) {
        struct waiting {  // ends also when the wait ends with an error
            rendezvous_receiver& receiver;
            Context& context;
            waiting(rendezvous_receiver& r, Context& c) : receiver(r), context(c) { receiver.begin_wait(context); }
            ~waiting() { receiver.end_wait(context); }
        } reservation{*this, context};
        return context.wait_to_receive(
            until, [&] { return ready(context); }, [&] { look(context); });
    }

    /// The steps of a wait, for one who waits on several links at once: `begin_wait` on each, then `ready` of any, with
    /// a `look` now and then, then `end_wait` on each. What has come by then is there for the next `try_take`.
    template <class Context>
    void begin_wait(Context& context) {
        reserved_ = context.enter() && !consumer_.written();
        if (reserved_) {
            consumer_.reserve();
        }
    }

    template <class Context>
    [[nodiscard]] bool ready(Context& context) {
        return consumer_.written() || (context.admits() && (!reserved_ || consumer_.offered()));
    }

    template <class Context>
    void look(Context& context) {
        if (reserved_) {
            static_cast<void>(resolve(context));
        }
    }

    template <class Context>
    void end_wait(Context& context) noexcept {
        while (reserved_ && !consumer_.written() && !consumer_.withdraw()) {
            static_cast<void>(resolve(context));  // a sender is writing
            wait_a_moment();
        }
        reserved_ = false;
    }

    template <class Context>
    void release_taken(Context& context) {
        if (on_own_desk_) {
            consumer_.done();
        } else {
            consumer_.done_with(sender_);
            context.wake_sender(sender_);
        }
        context.leave();
        if (context.was_asleep() && consumer_.offered()) {
            context.wake_receivers(1);  // this process may have taken a wake that was meant for two offers
        }
    }

private:
    template <class Context>
    [[nodiscard]] std::optional<Message> read(Context& context, const std::byte* payload) {
        if (payload == nullptr) {
            return std::nullopt;
        }
        struct done {  // also when a codec throws
            rendezvous_receiver& receiver;
            Context& context;
            ~done() { receiver.release_taken(context); }
        } guard{*this, context};
        auto result = wire::read(payload);
        if constexpr (!wire::always_valid) {
            if (!result) {
                throw_corrupt_message();
            }
        }
        return result;
    }

    template <class Context>
    bool resolve(Context& context) {
        return consumer_.resolve([&](std::size_t place) { return context.sender_alive(place); });
    }

    consumer consumer_;
    std::size_t sender_ = 0;
    bool on_own_desk_ = false;  // the message taken lies there, not on a sender's
    bool reserved_ = false;
};

}  // namespace parley::transport::memory
