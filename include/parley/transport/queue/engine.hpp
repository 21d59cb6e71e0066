#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <utility>

#include <sched.h>

#include <parley/message/wire.hpp>
#include <parley/os/clock.hpp>
#include <parley/os/cpu.hpp>
#include <parley/os/crash_point.hpp>
#include <parley/os/error.hpp>
#include <parley/os/poll.hpp>
#include <parley/transport/batch.hpp>
#include <parley/transport/memory/ring_engine.hpp>
#include <parley/wait/parking_lot.hpp>

/// Sending to and receiving from a queue object: what the link is underneath for `bounded` over queues and pipes. The
/// interface, and the context of the channel around it, are those of the ring engine
/// (transport/memory/ring_engine.hpp).

namespace parley::transport::queue {

/// A look at an object of the kernel is a system call: this many take about as long as a short sleep.
inline constexpr int looks_before_poll = 160;
/// The same at a number in memory, which changes once in some ten microseconds where messages are large.
inline constexpr int looks_at_count = 1000;

/// Where one waits for an object of the kernel: a parking lot (wait/parking_lot.hpp) with one place, whose sleepers the
/// kernel itself wakes.
template <class Side>
struct kernel_lot {
    int handle;
    short events;

    template <class Ready>
    void park(std::size_t, os::clock::duration at_most, Ready) const noexcept {
        if constexpr (Side::strategy::sleeps) {
            static_cast<void>(os::poll_for(handle, events, at_most));
        } else {
            ::sched_yield();
        }
    }
};

/// Waits until the object is ready or the channel closed: in the kernel where the object has a descriptor, after so
/// many `looks`, else in the channel's own parking lot, where the other side wakes.
template <class Side, class End, class Context, class Ready, class Park>
[[nodiscard]] bool wait_for_object(Context& context, const End& end, short events, os::deadline until, int looks,
                                   Ready ready, Park park) {
    if constexpr (End::pollable) {
        kernel_lot<Side> lot{end.handle(), events};
        return context.wait_on(lot, until, ready, looks);
    } else {
        return park(ready);
    }
}

template <class Message, class Queue, class Side>
class queue_sender {
public:
    static constexpr bool rendezvous = false;
    using producer = typename Queue::producer;

    explicit queue_sender(producer end) : producer_(std::move(end)) {}

    template <class Context>
    [[nodiscard]] bool try_push(Context& context, const Message& content) {
        if (context.closed()) [[unlikely]] {
            context.throw_closed();
        }
        if (producer_.put(content)) [[likely]] {
            announce(context);
            return true;
        }
        if (context.nothing_went()) {
            context.look_for_peers([this] { return producer_.writable(); });
            if (context.closed()) {
                context.throw_closed();
            }
        }
        return false;
    }

    template <class Context>
    [[nodiscard]] bool push_until(Context& context, const Message& content, os::deadline until) {
        return os::keep_trying(
            until, [&] { return try_push(context, content); }, [&] { return wait(context, until); });
    }

    template <class Context>
    [[nodiscard]] std::size_t try_push_some(Context& context, std::span<const Message> content) {
        for (const auto& each : content) {
            static_cast<void>(message::wire<Message>::size(each));  // throws before anything is sent
        }
        return push_one_by_one(content, [&](const Message& each) { return try_push(context, each); });
    }

    template <class Context>
    [[nodiscard]] bool wait(Context& context, os::deadline until) {
        if constexpr (Side::waits) {
            const auto ready = [this] { return producer_.writable(); };
            // Where messages are counted a look is cheap, and to park is not.
            constexpr int looks = producer::counts ? looks_at_count : waiting::looks_before_sleep;
            return wait_for_object<Side>(context, producer_, POLLOUT, until, looks_before_poll, ready,
                                         [&](auto is_ready) {
                                             return context.wait_to_send(
                                                 until, is_ready, [] {}, looks);
                                         });
        } else {
            return false;
        }
    }

    [[nodiscard]] int handle() const noexcept { return producer_.handle(); }
    /// Whether something that was sent has not been received.
    [[nodiscard]] bool anything_waits() const { return producer_.readable(); }

private:
    /// Whom the kernel does not wake: a receiver in the parking lot, and one that waits for many links at once.
    template <class Context>
    static void announce(Context& context) noexcept {
        PARLEY_CRASH_POINT("queue: message sent, receiver not woken");
        if constexpr (!Queue::pollable || Context::one_of_many_links) {
            context.wake_receivers(1);
        }
    }

    producer producer_;
};

template <class Message, class Queue, class Side>
class queue_receiver {
public:
    using wire = message::wire<Message>;
    using consumer = typename Queue::consumer;

    explicit queue_receiver(consumer end) : consumer_(std::move(end)) {}

    template <class Context>
    [[nodiscard]] std::optional<Message> try_pop(Context& context) {
        if (!take(context, [this] { return consumer_.get(); })) {
            return std::nullopt;
        }
        auto content = message::read_within<Message>(consumer_.message(), consumer_.size());
        if (!content) {
            memory::throw_corrupt_message();
        }
        return content;
    }

    template <class Context>
    [[nodiscard]] std::optional<Message> pop_until(Context& context, os::deadline until) {
        return os::keep_trying(
            until, [&] { return try_pop(context); }, [&] { return wait(context, until); });
    }

    template <class Context>
    [[nodiscard]] std::size_t try_pop_some(Context& context, std::span<Message> content) {
        if constexpr (consumer::gets_to_a_place) {
            return pop_each_to(content,
                               [&](Message& place) { return take(context, [&] { return consumer_.get_to(place); }); });
        } else {
            return pop_one_by_one(content, [&] { return try_pop(context); });
        }
    }

    /// At first an attempt is its own look: it costs no more than to ask whether one would succeed.
    template <class Context>
    [[nodiscard]] bool wait(Context& context, os::deadline until) {
        if constexpr (Side::waits) {
            if (vain_looks_ < looks_before_poll && !until.passed()) {
                ++vain_looks_;
                os::pause();
                return true;
            }
            const auto ready = [this] { return consumer_.readable(); };
            return wait_for_object<Side>(context, consumer_, POLLIN, until, 0, ready, [&](auto is_ready) {
                return context.wait_to_receive(until, is_ready, [] {});
            });
        } else {
            return false;
        }
    }

    /// The steps of a wait, for one who waits on several links at once (transport/memory/rendezvous_engine.hpp).
    template <class Context>
    static void begin_wait(Context&) noexcept {}
    template <class Context>
    [[nodiscard]] bool ready(Context&) {
        return consumer_.readable();
    }
    template <class Context>
    static void look(Context&) noexcept {}
    template <class Context>
    static void end_wait(Context&) noexcept {}

    [[nodiscard]] int handle() const noexcept { return consumer_.handle(); }

private:
    /// Takes a message out with `get`. False if there is none now; throws the channel's end, and garbage.
    template <class Context, class Get>
    [[nodiscard]] bool take(Context& context, Get get) {
        using outcome = typename consumer::outcome;
        // Asked before the attempt: what was sent before the end is in the object by then.
        const bool ended = context.closed();
        const auto got = get();
        if (got == outcome::message) [[likely]] {
            vain_looks_ = 0;
            PARLEY_CRASH_POINT("queue: message taken, sender not woken");
            tell_of_room(context);
            return true;
        }
        if (got == outcome::garbage) {
            tell_of_room(context);  // others may have gone with it
            memory::throw_corrupt_message();
        }
        if (ended) {
            context.throw_closed();
        }
        if (context.nothing_came()) {
            context.look_for_peers([this] { return consumer_.readable(); });
        }
        return false;
    }

    /// Whom the kernel does not wake.
    template <class Context>
    static void tell_of_room(Context& context) noexcept {
        if constexpr (!Queue::producer::pollable) {
            context.wake_senders(1);
        }
    }

    consumer consumer_;
    int vain_looks_ = 0;  ///< since the last message
};

}  // namespace parley::transport::queue
