#pragma once

#include <cstddef>
#include <span>
#include <utility>

#include <parley/os/error.hpp>

/// Batches over a link that takes and gives one message at a time.

namespace parley::transport {

/// Sends from the front of `content` with `push(message)`, until that is false. How many went. An error after the first
/// is left to the next call, which meets it again.
template <class Message, class Push>
[[nodiscard]] std::size_t push_one_by_one(std::span<const Message> content, Push push) {
    std::size_t sent = 0;
    try {
        while (sent < content.size() && push(content[sent])) {
            ++sent;
        }
    } catch (const error&) {
        if (sent == 0) {
            throw;
        }
    }
    return sent;
}

/// Receives into the front of `content` with `pop_to(place)`, until that says that there is none. How many came. The
/// end of the channel after the first is left to the next call, which comes to it again; what was corrupt is said at
/// once, for it is gone.
template <class Message, class PopTo>
[[nodiscard]] std::size_t pop_each_to(std::span<Message> content, PopTo pop_to) {
    std::size_t received = 0;
    try {
        while (received < content.size() && pop_to(content[received])) {
            ++received;
        }
    } catch (const error& end) {
        if (received == 0 || end.code() == errc::corrupt) {
            throw;
        }
    }
    return received;
}

/// The same with `pop()`, which returns a message or none.
template <class Message, class Pop>
[[nodiscard]] std::size_t pop_one_by_one(std::span<Message> content, Pop pop) {
    return pop_each_to(content, [&](Message& place) {
        auto next = pop();
        if (next) {
            place = std::move(*next);
        }
        return next.has_value();
    });
}

}  // namespace parley::transport
