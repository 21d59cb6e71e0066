#pragma once

#include <atomic>
#include <cstddef>
#include <type_traits>

#include <parley/buffering/concept.hpp>
#include <parley/message/wire.hpp>
#include <parley/ring/bounded_slots.hpp>
#include <parley/ring/chain_slots.hpp>
#include <parley/ring/handoff.hpp>
#include <parley/ring/mpmc.hpp>
#include <parley/ring/spsc.hpp>
#include <parley/segment/extents.hpp>

/// Which algorithm carries a composition's messages: addressing and buffering pick it, so that nobody pays for
/// generality that the types rule out.
///
///   |            | one sender, one receiver | many of either          |
///   |------------|--------------------------|-------------------------|
///   | zero       | ring::handoff            | ring::handoff           |
///   | bounded<N> | ring::spsc               | ring::mpmc over N slots |
///   | unbounded  | ring::mpmc over a chain  | ring::mpmc over a chain |
///
/// A backing that is the books of queue objects of the kernel brings its own (transport/queue/).

namespace parley::transport::memory {

/// At most so many senders and so many receivers are attached to one channel at a time; over time, any number.
inline constexpr std::size_t places_of_many = 64;

template <class Message, class Buffering, std::size_t Senders, std::size_t Receivers, bool KeepForOthers, class Backing>
struct queue_selector {
    using wire = message::wire<Message>;
    static constexpr bool number_first = requires { requires wire::mostly_little; };

    static constexpr auto choose() {
        if constexpr (requires { typename Backing::object; }) {
            return std::type_identity<typename Backing::template queue<Message, Buffering, Senders, Receivers>>{};
        } else if constexpr (Buffering::rendezvous) {
            return std::type_identity<ring::handoff<wire::capacity, wire::alignment, Senders, Receivers>>{};
        } else if constexpr (Buffering::capacity == buffering::without_limit) {
            using slots = ring::chain_slots<wire::capacity, wire::alignment, segment::extents<Backing>, std::atomic,
                                            number_first>;
            return std::type_identity<ring::mpmc<slots, Senders, Receivers, KeepForOthers>>{};
        } else if constexpr (Senders == 1 && Receivers == 1) {
            return std::type_identity<ring::spsc<Buffering::capacity, wire::capacity, wire::alignment>>{};
        } else {
            using slots =
                ring::bounded_slots<Buffering::capacity, wire::capacity, wire::alignment, std::atomic, number_first>;
            return std::type_identity<ring::mpmc<slots, Senders, Receivers, KeepForOthers>>{};
        }
    }

    using type = typename decltype(choose())::type;
};

template <class Message, class Buffering, std::size_t Senders, std::size_t Receivers, bool KeepForOthers, class Backing>
using queue_for = typename queue_selector<Message, Buffering, Senders, Receivers, KeepForOthers, Backing>::type;

/// The queue objects that lie beside a segment with `Lanes` of these queues: at the beginning of its body. Nothing
/// where the messages are in the segment itself.
struct no_objects {};

template <class Queue, std::size_t Lanes>
struct objects_beside {
    using type = no_objects;
};

template <class Queue, std::size_t Lanes>
    requires(Queue::object_count > 0)
struct objects_beside<Queue, Lanes> {
    using type = typename Queue::template table<Lanes>;
};

template <class Queue>
inline constexpr bool lies_in_the_kernel = requires {
    Queue::object_count;
};

/// A queue whose objects poll(2) can wait for.
template <class Queue>
concept pollable_queue = lies_in_the_kernel<Queue> && Queue::pollable;

/// A side that may sleep in the channel's own parking lot, where a bell can be hung.
template <class Side, class Queue>
concept rings = Side::waits &&(!pollable_queue<Queue>)&&requires {
    requires Side::strategy::sleeps;
};

/// Makes one process's end of a queue: `Queue::producer` or `Queue::consumer`, with a view of slots that may grow.
template <class End, class Queue, class Growth>
[[nodiscard]] End make_end(Queue& queue, std::size_t place, const Growth& growth) {
    if constexpr (requires { typename Queue::slots_type; }) {
        using view = typename Queue::slots_type::view;
        if constexpr (std::is_constructible_v<view, typename Queue::slots_type&, Growth>) {
            return End{queue, view{queue.slots(), growth}, place};
        } else {
            return End{queue, view{queue.slots()}, place};
        }
    } else if constexpr (std::is_constructible_v<End, Queue&, std::size_t>) {
        return End{queue, place};
    } else {
        return End{queue};
    }
}

}  // namespace parley::transport::memory
