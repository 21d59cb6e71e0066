#pragma once

#include <cstddef>
#include <type_traits>

#include <parley/buffering/concept.hpp>
#include <parley/transport/queue/bounded_queue.hpp>
#include <parley/transport/queue/objects.hpp>
#include <parley/transport/queue/units.hpp>

/// Which queue over objects of the kernel carries a composition's messages.

namespace parley::transport::queue {

template <class Message, class Buffering, std::size_t Senders, std::size_t Receivers, class Backing>
struct queue_selector {
    static constexpr auto choose() {
        return std::type_identity<bounded_queue<Message, Buffering::capacity, Backing, Senders, Receivers>>{};
    }
    using type = typename decltype(choose())::type;
};

}  // namespace parley::transport::queue
