#pragma once

#include "machine.hpp"
#include "message.hpp"

#include <cstddef>
#include <optional>
#include <span>
#include <utility>

#include <sched.h>

namespace bench {

/// What a polling side does between two looks: a pause; and where processes share a core, now and then its place, or
/// the one it waits for cannot run. References and parley's nonblocking series poll with this same class.
class poll {
public:
    explicit poll(bool crowded) noexcept : crowded_(crowded) {}

    void wait() noexcept {
        pause();
        if (crowded_ && ++looks_ % looks_before_yield == 0) {
            ::sched_yield();
        }
    }

private:
    static constexpr unsigned looks_before_yield = 64;
    bool crowded_;
    unsigned looks_ = 0;
};

/// Makes a waiting end, with `send` and `receive`, of one that has `try_send` and `try_receive`. The latter may return
/// std::optional<message>, or take a message to fill and return bool; batches return how many went.
template <class End, class Message = message>
class polling {
    using message = Message;
    static constexpr bool large = sizeof(Message) > sizeof(bench::message);

public:
    polling(End end, bool crowded) : end_(std::move(end)), poll_(crowded) {}

    [[gnu::always_inline]] void send(const message& out) {
        while (!end_.try_send(out)) {
            poll_.wait();
        }
    }

    [[gnu::always_inline]] message receive() {
        if constexpr (large && requires(std::span<message> in) { end_.try_receive(in); }) {
            message in;  // to where it stays, not through the result of a call
            static_cast<void>(receive(std::span(&in, 1)));
            return in;
        } else if constexpr (requires(message & in) { static_cast<bool>(end_.try_receive(in)); }) {
            message in;
            while (!end_.try_receive(in)) {
                poll_.wait();
            }
            return in;
        } else {
            for (;;) {
                if (const std::optional<message> in = end_.try_receive()) {
                    return *in;
                }
                poll_.wait();
            }
        }
    }

    void send(std::span<const message> out) {
        while (!out.empty()) {
            const std::size_t accepted = end_.try_send(out);
            if (accepted == 0) {
                poll_.wait();
            }
            out = out.subspan(accepted);
        }
    }

    /// At least one message.
    std::size_t receive(std::span<message> in) {
        for (;;) {
            if (const std::size_t received = end_.try_receive(in); received > 0) {
                return received;
            }
            poll_.wait();
        }
    }

private:
    End end_;
    poll poll_;
};

}  // namespace bench
