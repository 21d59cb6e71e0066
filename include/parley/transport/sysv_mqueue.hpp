#pragma once

#include <algorithm>
#include <cstddef>
#include <string>
#include <string_view>

#include <parley/buffering/bounded.hpp>
#include <parley/lifetime/kernel.hpp>
#include <parley/segment/file_backing.hpp>
#include <parley/transport/memory/word.hpp>
#include <parley/transport/queue/selector.hpp>
#include <parley/transport/queue/system_v_object.hpp>

namespace parley {

namespace transport::queue {

struct system_v_names {
    static constexpr std::string_view prefix = "sysv_mqueue";

    [[nodiscard]] static std::string to_file(std::string_view name) { return segment::posix_backing::checked(name); }
    [[nodiscard]] static std::string object_name(const std::string& file, std::size_t index) {
        return file + "." + std::to_string(index);
    }
};

}  // namespace transport::queue

/// System V message queues (msgget(2)), found through the channel's books in /dev/shm/parley-sysv_mqueue.NAME;
/// `ipcs -q` lists them, under keys that begin with 0x70.
///
/// Limits of an unprivileged user: kernel.msgmnb bytes in a queue (16384), headers included, kernel.msgmax bytes in a
/// message (8192). The kernel has neither descriptor nor deadline for these queues: who waits sleeps beside the queue,
/// and the other side wakes.
struct sysv_mqueue : transport::memory::word<
                         transport::queue::books<transport::queue::system_v_object, transport::queue::system_v_names>> {
    using axis = transport_axis;
    using natural_lifetime = kernel_lifetime;
    static constexpr std::string_view name = "sysv_mqueue";

    /// 16, or as many as fit into what the kernel gives to everybody.
    template <class Message>
    using natural_buffering = bounded<transport::queue::system_v_object::natural_capacity<Message>>;

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
        .selects_by_type = true,
        .splits = true,
        .direction = transport::directions::half_duplex,
        .largest_unit = transport::queue::system_v_object::unit,
    };
};

}  // namespace parley
