#pragma once

#include "../../support/stream.hpp"
#include "descriptor.hpp"
#include "pipes.hpp"
#include "queues.hpp"
#include "sockets.hpp"
#include "waiting.hpp"

#include <cstddef>

namespace bench::reference {

/// Two processes that send each other messages by system calls alone: the setup of a ping-pong and of a stream.
/// `Kernel` is what carries them, for as many as `Capacity` where that can be said.
template <class Kernel, class Message, class Waiting, std::size_t Capacity>
class by_hand {
public:
    using message_type = Message;
    static constexpr bool loses = requires { Kernel::loses; };

    by_hand() : sides_(Kernel::open(Capacity, sizeof(Message))) {
        if constexpr (Waiting::nonblocking) {
            for (const side* each : {&sides_.left, &sides_.right}) {
                add_flags(each->to_write(), O_NONBLOCK);
                add_flags(each->to_read(), O_NONBLOCK);
            }
        }
    }
    explicit by_hand(crowd) : by_hand() {}

    [[nodiscard]] auto left() const { return end(sides_.left); }
    [[nodiscard]] auto right() const { return end(sides_.right); }
    [[nodiscard]] auto producer() const { return left(); }
    [[nodiscard]] auto consumer() const { return right(); }

private:
    using end = typename Kernel::template end<Message, Waiting>;
    both_sides sides_;
};

/// The one that has no descriptors.
template <class Message, class Waiting, std::size_t Capacity>
class by_hand<sysv_mqueue, Message, Waiting, Capacity> {
public:
    using message_type = Message;

    by_hand() = default;
    explicit by_hand(crowd) {}

    [[nodiscard]] auto left() const { return sysv_end<Message, Waiting>(there_.id(), back_.id()); }
    [[nodiscard]] auto right() const { return sysv_end<Message, Waiting>(back_.id(), there_.id()); }
    [[nodiscard]] auto producer() const { return left(); }
    [[nodiscard]] auto consumer() const { return right(); }

private:
    sysv_queue there_{Capacity, sizeof(Message)};
    sysv_queue back_{Capacity, sizeof(Message)};
};

}  // namespace bench::reference
