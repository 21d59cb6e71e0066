#pragma once

#include <cstddef>
#include <type_traits>

#include <parley/buffering/concept.hpp>
#include <parley/transport/queue/bounded_queue.hpp>
#include <parley/transport/queue/objects.hpp>
#include <parley/transport/queue/rendezvous_queue.hpp>
#include <parley/transport/queue/units.hpp>

/// Which queue over objects of the kernel carries a composition's messages:
///
///   | zero              | ring::handoff, whose desks are objects            |
///   | bounded<N>        | one object that holds exactly N                   |
///   | bounded_by_kernel | one object of natural size                        |
///   | unbounded         | one object of natural size, and a spill before it |

namespace parley::transport::queue {

template <class Message, class Buffering, std::size_t Senders, std::size_t Receivers, class Backing>
struct queue_selector {
    static constexpr auto choose() {
        if constexpr (Buffering::rendezvous) {
            return std::type_identity<rendezvous_queue<Message, Backing, Senders, Receivers>>{};
        } else if constexpr (Buffering::capacity == buffering::without_limit) {
            constexpr auto capacity = Backing::object::template natural_capacity<Message>;
            return std::type_identity<bounded_queue<Message, capacity, Backing, Senders, Receivers, true>>{};
        } else if constexpr (Buffering::capacity == buffering::as_the_kernel_says) {
            constexpr auto capacity = Backing::object::template natural_capacity<Message>;
            return std::type_identity<bounded_queue<Message, capacity, Backing, Senders, Receivers>>{};
        } else {
            return std::type_identity<bounded_queue<Message, Buffering::capacity, Backing, Senders, Receivers>>{};
        }
    }
    using type = typename decltype(choose())::type;
};

}  // namespace parley::transport::queue
