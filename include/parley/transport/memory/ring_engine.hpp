#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <utility>

#include <parley/message/wire.hpp>
#include <parley/os/clock.hpp>
#include <parley/os/error.hpp>
#include <parley/ring/ticket.hpp>

/// Sending to and receiving from a ring: what the link is underneath for `bounded` and `unbounded`.
///
/// An engine knows messages and the ring. What it needs of the channel around it comes as a context: who is alive, whom
/// to wake, how to wait (transport/memory/mailbox_end.hpp and direct_end.hpp).

namespace parley::transport::memory {

/// Looks for the dead are dear (a system call for each suspect) and dying is rare: at most one look in this time from a
/// side that does not wait.
class suspicion {
public:
    [[nodiscard]] bool due() noexcept {
        const auto now = os::clock::now();
        if (now - last_ < std::chrono::milliseconds(1)) {
            return false;
        }
        last_ = now;
        return true;
    }

private:
    os::clock::time_point last_{};
};

[[noreturn]] inline void throw_corrupt_message() {
    throw_error(errc::corrupt,
                "a message in the channel breaks its own form (a length beyond the largest message, an "
                "unknown alternative, or refused by its codec) and was dropped");
}

template <class Message, class Queue>
class ring_sender {
public:
    static constexpr bool rendezvous = false;
    using wire = message::wire<Message>;
    using producer = typename Queue::producer;

    explicit ring_sender(producer end) : producer_(std::move(end)) {}

    // The way of a message is inlined as a whole: a message that is written in small pieces and copied in large ones
    // right afterwards stalls the core (store forwarding), and a call in between makes that copy.
    template <class Context>
    [[nodiscard, gnu::always_inline]] bool try_push(Context& context, const Message& content) {
        static_cast<void>(wire::size(content));  // throws before a slot is taken
        ring::claim won;
        if (!claim(context, 1, won)) {
            return false;
        }
        wire::write(producer_.payload(won.first), content);
        publish(context, won);
        return true;
    }

    template <class Context>
    [[nodiscard]] bool push_until(Context& context, const Message& content, os::deadline until) {
        return os::keep_trying(
            until, [&] { return try_push(context, content); }, [&] { return wait(context, until); });
    }

    /// Sends from the front of `content` as many as there is room for, each publication as large as possible.
    template <class Context>
    [[nodiscard]] std::size_t try_push_some(Context& context, std::span<const Message> content) {
        if constexpr (!wire::fixed_size) {
            for (const auto& each : content) {
                static_cast<void>(wire::size(each));
            }
        }
        std::size_t sent = 0;
        for (ring::claim won; sent < content.size(); sent += won.count) {
            try {
                if (!claim(context, content.size() - sent, won)) {
                    break;
                }
            } catch (const error&) {
                if (sent == 0) {
                    throw;
                }
                break;  // first what has been sent; the next call meets the same again
            }
            for (std::size_t index = 0; index < won.count; ++index) {
                wire::write(producer_.payload(won.first + index), content[sent + index]);
            }
            publish(context, won);
        }
        return sent;
    }

    /// Waits until a message may be accepted; false at the deadline.
    template <class Context>
    [[nodiscard]] bool wait(Context& context, os::deadline until) {
        return context.wait_to_send(
            until, [this] { return producer_.writable(); }, [&] { resolve(context); });
    }

    /// Takes a slot to be written in place. Null when there is none; then `wait`.
    template <class Context>
    [[nodiscard]] std::byte* try_loan(Context& context) {
        return claim(context, 1, loaned_) ? producer_.payload(loaned_.first) : nullptr;
    }

    template <class Context>
    void send_loan(Context& context, os::deadline) {
        publish(context, loaned_);
    }

    template <class Context>
    void drop_loan(Context& context) noexcept {
        producer_.abandon(loaned_);
        context.wake_receivers(1);  // they skip the slot, which makes room
    }

private:
    template <class Context>
    [[gnu::always_inline]] void publish(Context& context, const ring::claim& won) {
        producer_.publish(won);
        context.wake_receivers(won.count);
        if (context.was_asleep() && producer_.writable()) [[unlikely]] {
            context.wake_senders(1);  // this process may have taken a wake that was meant for two slots
        }
    }

    template <class Context>
    [[nodiscard, gnu::always_inline]] bool claim(Context& context, std::size_t wanted, ring::claim& won) {
        if constexpr (always_finds_room) {
            context.finds_room();
        }
        if (context.closed()) [[unlikely]] {
            context.throw_closed();
        }
        const auto result = producer_.try_claim(wanted, won);
        if (result == ring::attempt::won) [[likely]] {
            return true;
        }
        return (context.nothing_went() || result == ring::attempt::stalled) &&
               claim_from_the_dead(context, wanted, won, result);
    }

    /// Nothing can be sent as things stand. Perhaps somebody died.
    template <class Context>
    [[nodiscard, gnu::noinline]] bool claim_from_the_dead(Context& context, std::size_t wanted, ring::claim& won,
                                                          ring::attempt result) {
        if (!suspicion_.due()) {
            return false;
        }
        if (result == ring::attempt::stalled && resolve(context)) {
            return producer_.try_claim(wanted, won) == ring::attempt::won;
        }
        context.look_for_peers([this] { return producer_.writable(); });
        if (context.closed()) {
            context.throw_closed();
        }
        return false;
    }

    template <class Context>
    bool resolve(Context& context) {
        if constexpr (requires { producer_.resolve([](std::size_t) { return true; }); }) {
            return producer_.resolve([&](std::size_t place) { return context.receiver_alive(place); });
        } else {
            return false;
        }
    }

    /// Slots without an end.
    static constexpr bool always_finds_room = requires(const typename Queue::consumer& peer) {
        peer.at_chunk_end(ring::claim{});
    };

    producer producer_;
    ring::claim loaned_;
    suspicion suspicion_;
};

template <class Message, class Queue, bool KeepForOthers>
class ring_receiver {
public:
    using wire = message::wire<Message>;
    using consumer = typename Queue::consumer;

    explicit ring_receiver(consumer end) : consumer_(std::move(end)) {}

    template <class Context>
    [[nodiscard, gnu::always_inline]] std::optional<Message> try_pop(Context& context) {
        ring::claim won;
        if (!claim(context, 1, won)) {
            return std::nullopt;
        }
        done_guard<Context> guard{*this, context, won};
        if constexpr (wire::always_valid) {
            // Made where the caller wants it: from a local, g++ would copy the flag of the optional by way of memory
            // and wait there for every earlier store.
            return wire::read(consumer_.payload(won.first));
        } else {
            auto result = wire::read(consumer_.payload(won.first));
            if (!result) {
                throw_corrupt_message();
            }
            return result;
        }
    }

    template <class Context>
    [[nodiscard]] std::optional<Message> pop_until(Context& context, os::deadline until) {
        return os::keep_trying(
            until, [&] { return try_pop(context); }, [&] { return wait(context, until); });
    }

    /// Receives into the front of `content` what is there.
    template <class Context>
    [[nodiscard]] std::size_t try_pop_some(Context& context, std::span<Message> content) {
        std::size_t received = 0;
        for (ring::claim won; received < content.size();) {
            try {
                if (!claim(context, Context::one_by_one ? 1 : content.size() - received, won)) {
                    break;
                }
            } catch (const error&) {
                if (received == 0) {
                    throw;
                }
                break;  // first what has been received; the next call comes to the end of the channel again
            }
            done_guard<Context> guard{*this, context, won};
            for (std::size_t index = 0; index < won.count; ++index) {
                if (wire::read(consumer_.payload(won.first + index), content[received])) [[likely]] {
                    ++received;
                } else {
                    refused_ = true;
                }
            }
            if (refused_) {
                break;
            }
        }
        if (received == 0) {
            report_refused();
        }
        return received;
    }

    template <class Context>
    [[nodiscard]] bool wait(Context& context, os::deadline until) {
        return context.wait_to_receive(
            until, [&] { return ready(context); }, [&] { look(context); });
    }

    /// The steps of a wait, for one who waits on several links at once (transport/memory/rendezvous_engine.hpp).
    template <class Context>
    static void begin_wait(Context&) noexcept {}

    template <class Context>
    [[nodiscard]] bool ready(Context&) {
        return consumer_.readable() || orphans_;
    }

    template <class Context>
    void look(Context& context) {
        static_cast<void>(resolve(context));
        if constexpr (KeepForOthers) {
            orphans_ = true;  // the next attempt looks for messages of the dead
        }
    }

    template <class Context>
    static void end_wait(Context&) noexcept {}

    /// After `look` and an attempt in vain: whether there really is no message, and not only none for this receiver, or
    /// none before one that a sender, dead or alive, has not finished.
    template <class Context>
    [[nodiscard]] bool is_surely_empty(Context& context) {
        if constexpr (requires { consumer_.drained(); }) {
            return context.admits() && !orphans_ && consumer_.drained();
        } else {  // of one sender what is not published is no message
            return context.admits() && !orphans_ && !consumer_.readable();
        }
    }

    /// Takes a message to be read in place. Null when there is none; then `wait`.
    template <class Context>
    [[nodiscard]] const std::byte* try_take(Context& context) {
        return claim(context, 1, taken_) ? consumer_.payload(taken_.first) : nullptr;
    }

    template <class Context>
    [[nodiscard]] const std::byte* take_until(Context& context, os::deadline until) {
        return os::keep_trying(
            until, [&] { return try_take(context); }, [&] { return wait(context, until); });
    }

    template <class Context>
    void release_taken(Context& context) {
        done(context, taken_);
    }

private:
    /// A batch brings what was sound; that something was not, the next call says.
    void report_refused() {
        if constexpr (!wire::always_valid) {
            if (std::exchange(refused_, false)) [[unlikely]] {
                throw_corrupt_message();
            }
        }
    }

    template <class Context>
    struct done_guard {  // also when a codec throws
        ring_receiver& receiver;
        Context& context;
        const ring::claim& won;
        [[gnu::always_inline]] ~done_guard() { receiver.done(context, won); }
    };

    template <class Context>
    [[nodiscard, gnu::always_inline]] bool claim(Context& context, std::size_t wanted, ring::claim& won) {
        report_refused();
        if (!context.enter()) {
            if (!context.closed()) {
                return false;
            }
            // After the end nobody waits for a turn: whoever has it may have left. But one at a time stays one.
            if constexpr (!Context::one_by_one) {
                context.throw_closed();
            }
        }
        bool skipped = false;
        const auto result = consumer_.try_claim(wanted, won, skipped);
        if (skipped) [[unlikely]] {
            context.wake_senders(1);
        }
        if (result == ring::attempt::won) [[likely]] {
            return true;
        }
        // Asking the time costs as much as a poll: only where there is something to suspect.
        if (context.nothing_came() || KeepForOthers || result == ring::attempt::stalled || context.closed())
            [[unlikely]] {
            return claim_from_the_dead(context, wanted, won, result);
        }
        return false;
    }

    /// Nothing can be received as things stand. Perhaps somebody died, perhaps the channel has come to its end.
    template <class Context>
    [[nodiscard, gnu::noinline]] bool claim_from_the_dead(Context& context, std::size_t wanted, ring::claim& won,
                                                          ring::attempt result) {
        bool skipped = false;
        const bool due = suspicion_.due();
        if constexpr (KeepForOthers) {
            if ((orphans_ || due || context.closed()) && adopt(context, won)) {
                return true;
            }
        }
        if (due || context.closed()) {
            result = exactly(result);
        }
        if (result == ring::attempt::stalled && (due || context.closed()) && resolve(context)) {
            result = consumer_.try_claim(wanted, won, skipped);
        }
        if (result != ring::attempt::won && due) {
            context.look_for_peers([this] { return consumer_.readable(); });
        }
        if (result != ring::attempt::won && context.closed()) {
            // What was sent before the end can still be received: look once more, knowing of the end.
            result = exactly(consumer_.try_claim(wanted, won, skipped));
            if (result == ring::attempt::blocked || (result == ring::attempt::stalled && !somebody_finishes())) {
                context.throw_closed();
            }
        }
        if (skipped) {
            context.wake_senders(1);
        }
        return result == ring::attempt::won;
    }

    /// A ring says only now and then that it is stalled; here it matters.
    [[nodiscard]] ring::attempt exactly(ring::attempt told) {
        if constexpr (requires { consumer_.stalled(); }) {
            if (told == ring::attempt::blocked && consumer_.stalled()) {
                return ring::attempt::stalled;
            }
        }
        return told;
    }

    /// After the end: whether a live sender may still be at work on the next message. For a moment that is awaited; one
    /// that sits on a loan is not.
    [[nodiscard]] bool somebody_finishes() noexcept {
        const auto now = os::clock::now();
        if (end_noticed_ == os::clock::time_point{}) {
            end_noticed_ = now;
        }
        return now - end_noticed_ < os::look_around_interval;
    }

    template <class Context>
    [[gnu::always_inline]] void done(Context& context, const ring::claim& won) {
        consumer_.release(won);
        context.leave();
        context.wake_senders(won.count);
        bool more = context.was_asleep();
        if constexpr (requires { consumer_.at_chunk_end(won); }) {
            more = more || consumer_.at_chunk_end(won);
        }
        if (more) [[unlikely]] {
            tidy_up(context, won);
        }
    }

    /// What now and then is left to do after a message.
    template <class Context>
    [[gnu::noinline]] void tidy_up(Context& context, const ring::claim& won) {
        try {
            if (consumer_.readable()) {
                context.wake_receivers(1);  // this process may have taken a wake that was meant for two messages
            }
            if constexpr (requires { consumer_.at_chunk_end(won); }) {
                if (consumer_.at_chunk_end(won)) {
                    consumer_.reclaim([&](std::size_t place) { return context.sender_alive(place); },
                                      [&](std::size_t place) { return context.receiver_alive(place); });
                }
            }
        } catch (const error&) {
            // The message has been received. What is wrong with the next one, the next call says; who comes to the end
            // of the next chunk gives this one back.
        }
    }

    template <class Context>
    bool resolve(Context& context) {
        if constexpr (requires { consumer_.resolve([](std::size_t) { return true; }); }) {
            return consumer_.resolve([&](std::size_t place) { return context.sender_alive(place); });
        } else {
            return false;
        }
    }

    template <class Context>
    [[nodiscard]] bool adopt(Context& context, ring::claim& won) {
        orphans_ = context.with_recovery_lock(
            [&] { return consumer_.try_adopt(won, [&](std::size_t place) { return context.receiver_alive(place); }); });
        return orphans_;  // where one is there may be more: of a batch
    }

    consumer consumer_;
    bool refused_ = false;  // a message of the last batch
    ring::claim taken_;
    suspicion suspicion_;
    os::clock::time_point end_noticed_{};
    bool orphans_ = false;
};

}  // namespace parley::transport::memory
