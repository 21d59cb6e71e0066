#pragma once

#include <string_view>

#include <parley/buffering/bounded.hpp>
#include <parley/lifetime/owner.hpp>
#include <parley/transport/concept.hpp>
#include <parley/transport/memory/direct_link.hpp>
#include <parley/transport/signal/books.hpp>
#include <parley/transport/signal/raw_ends.hpp>

namespace parley {

/// Real-time signals (signal(7)), each with a message of up to four bytes: the link itself is nothing but the queue of
/// pending signals that every process has. For `direct` alone, unless `raw`; endpoint `alice` is
/// /dev/shm/parley-rt_signal.alice, which keeps the books.
///
/// All links use the signal SIGRTMIN+5. Making an endpoint blocks it, for good, in the calling thread and in those that
/// it starts from then on, for a thread that does not block it would take a message and end the process: **make an
/// endpoint before you start threads**. One made where another thread does not block the signal is `errc::bad_state`.
/// Programs started by exec(2) inherit the mask.
///
/// Messages are in the receiving process: what is under way goes with its endpoint, and there is no room before the
/// peer has used the link too (by a `link`, a send, or any receive), or after it has gone. Both sides belong to one
/// user and one PID namespace. Limit of an unprivileged user: RLIMIT_SIGPENDING signals (ulimit -i) for all its
/// processes together.
///
/// With `raw` it is a `port` of one process that any program may signal
/// (transport/signal/raw_ends.hpp): a receiver "SIGRTMIN+6", a sender "1234:SIGRTMIN+6", or `kill -s RTMIN+6 1234`.
struct rt_signal {
    using axis = transport_axis;
    using natural_lifetime = owner_lifetime;
    static constexpr std::string_view name = "rt_signal";

    template <class Message>
    using natural_buffering = bounded<transport::signal::natural_capacity>;

    static constexpr transport::capabilities capabilities{
        .named = true,
        .keeps_boundaries = true,
        .ordered = true,
        .lossless = true,
        .pollable = true,
        .raw = true,
        .headless = true,
        .direction = transport::directions::simplex,
        .largest_unit = sizeof(transport::signal::letter::content),
    };

    /// Whoever may signal the receiver's process is a sender. Nobody counts; and where too many signals are pending for
    /// the user, what kill(1) sends may be lost.
    static constexpr transport::capabilities raw_capabilities{
        .named = true,
        .many_senders = true,
        .keeps_boundaries = true,
        .ordered = true,
        .kernel_buffer = true,
        .pollable = true,
        .raw = true,
        .headless = true,
        .direction = transport::directions::simplex,
        .largest_unit = sizeof(transport::signal::letter::content),
    };

    template <class C>
    using sending_end = transport::signal::raw_sending_end<C>;
    template <class C>
    using receiving_end = transport::signal::raw_receiving_end<C>;
    template <class C>
    using link_end = transport::memory::link_end<C, transport::signal::books>;
    template <class C>
    using endpoint = transport::signal::endpoint<C>;
};

}  // namespace parley
