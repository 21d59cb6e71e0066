#pragma once

#include <string_view>

#include <parley/buffering/bounded.hpp>
#include <parley/lifetime/owner.hpp>
#include <parley/transport/memory/word.hpp>
#include <parley/transport/queue/bundled_books.hpp>
#include <parley/transport/queue/pipe_object.hpp>
#include <parley/transport/queue/selector.hpp>

namespace parley {

/// Pipes without a name (pipe(2)), as `fifo`, for related processes: made by `channel::pair()`, inherited across
/// fork, or handed on by descriptor. Many children may send to one reader, or two processes talk both ways over two
/// pipes.
///
/// What `descriptor()` gives is a bundle (os/bundle.hpp): the pipes, and the small segment without a name that keeps
/// the books. Limits as of `fifo`.
struct pipe : transport::memory::word<transport::queue::bundled_books<transport::queue::pipe_object>> {
    using axis = transport_axis;
    using natural_lifetime = owner_lifetime;
    static constexpr std::string_view name = "pipe";

    template <class Message>
    using natural_buffering = bounded<transport::queue::pipe_object::natural_capacity<Message>>;

    static constexpr transport::capabilities capabilities{
        .pairs = true,
        .many_senders = true,
        .keeps_boundaries = true,
        .ordered = true,
        .lossless = true,
        .rendezvous = true,
        .exact_capacity = true,
        .powers_of_two = true,
        .pollable = true,
        .splits = true,
        .direction = transport::directions::simplex,
        .largest_unit = transport::queue::pipe_object::unit,
    };
};

}  // namespace parley
