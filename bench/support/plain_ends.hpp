#pragma once

#include "message.hpp"
#include "polling.hpp"
#include "shared.hpp"
#include "stream.hpp"

#include <cstddef>
#include <span>

namespace bench {

/// An end of a plain ring in memory that was there before the fork: no name, no waiting, no liveness.
template <class Ring, class Message>
struct ring_end {
    Ring* out;
    Ring* in;

    [[gnu::always_inline]] bool try_send(const Message& given) noexcept { return out->try_send(given); }
    [[gnu::always_inline]] bool try_receive(Message& taken) noexcept { return in->try_receive(taken); }
    std::size_t try_send(std::span<const Message> given) noexcept { return out->try_send(given); }
    std::size_t try_receive(std::span<Message> taken) noexcept { return in->try_receive(taken); }
};

/// Two rings, one each way: the setup of a ping-pong.
template <class Ring, class Message = message>
class ring_pair {
    using end = ring_end<Ring, Message>;

public:
    using message_type = Message;

    [[nodiscard]] auto left() const { return polling<end, Message>(end{&*there_, &*back_}, false); }
    [[nodiscard]] auto right() const { return polling<end, Message>(end{&*back_, &*there_}, false); }

private:
    shared<Ring> there_;
    shared<Ring> back_;
};

/// One ring: the setup of a stream.
template <class Ring, class Message = message>
class ring_stream {
    using end = ring_end<Ring, Message>;

public:
    using message_type = Message;

    explicit ring_stream(crowd people) : crowded_(people.crowded()) {}

    [[nodiscard]] auto producer() const { return polling<end, Message>(end{&*ring_, nullptr}, crowded_); }
    [[nodiscard]] auto consumer() const { return polling<end, Message>(end{nullptr, &*ring_}, crowded_); }

private:
    bool crowded_;
    shared<Ring> ring_;
};

}  // namespace bench
