#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include <parley/lifetime/kernel.hpp>
#include <parley/segment/file_backing.hpp>
#include <parley/transport/queue/posix_object.hpp>
#include <parley/transport/queue/raw_posix.hpp>
#include <parley/transport/queue/word.hpp>

namespace parley {

namespace transport::queue {

struct posix_names {
    static constexpr std::string_view prefix = "mqueue";

    [[nodiscard]] static std::string to_file(std::string_view name) { return segment::posix_backing::checked(name); }
    [[nodiscard]] static std::string object_name(const std::string& file, std::size_t index) {
        // No two channels share a name: a first object begins with another prefix than all others.
        return index == 0 ? "/parley." + file : "/parley-" + std::to_string(index) + "." + file;
    }
};

}  // namespace transport::queue

/// POSIX message queues (mq_overview(7)): the channel `orders` is the queue `/parley.orders` (in /dev/mqueue where that
/// is mounted), and beside it /dev/shm/parley-mqueue.orders keeps the books. The return way of a direct link is the
/// queue `/parley-1.` and that name.
///
/// Limits of an unprivileged user: fs.mqueue.msg_max messages (10), fs.mqueue.msgsize_max bytes each (8192), and
/// RLIMIT_MSGQUEUE bytes in all (819,200).
///
/// With `raw` the channel `orders` is the queue `/orders` and nothing else: messages of priority 0, or whatever others
/// put in. With `bounded<N>` the queue must hold exactly N; by default, `bounded_by_kernel`, a queue that is there is
/// taken as it is, and a new one holds ten. Nobody can know whether a program that is not parley's is there to receive:
/// the destructor of a sender with `unbounded` waits for one.
struct mqueue : transport::queue::word<transport::queue::posix_object, transport::queue::posix_names,
                                       transport::queue::raw_posix> {
    using axis = transport_axis;
    using natural_lifetime = kernel_lifetime;
    static constexpr std::string_view name = "mqueue";

    static constexpr transport::capabilities capabilities{
        .named = true,
        .survives_processes = true,
        .many_senders = true,
        .many_receivers = true,
        .keeps_boundaries = true,
        .ordered = true,
        .lossless = true,
        .rendezvous = true,
        .exact_capacity = true,
        .kernel_buffer = true,
        .priorities = true,
        .pollable = true,
        .raw = true,
        .splits = true,
        .direction = transport::directions::half_duplex,
        .largest_unit = transport::queue::posix_object::unit,
    };
};

}  // namespace parley
