#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include <parley/lifetime/kernel.hpp>
#include <parley/segment/file_backing.hpp>
#include <parley/transport/queue/raw_system_v.hpp>
#include <parley/transport/queue/system_v_object.hpp>
#include <parley/transport/queue/word.hpp>

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
///
/// With `raw` the name is the key, `0x1234` or `4660`, or the path of a file from which ftok(3) makes one with the
/// letter 'p', and there are no books. Messages are sent with type 1, those of any type are received. Nobody wakes who
/// waits: it looks again and again, after 50 us at first and each millisecond at last; on a busy machine a message was
/// seen to lie there for 4 ms. `bounded<N>` is exact for messages of fixed size; `bounded_by_kernel`, the default,
/// takes the queue as it is. What lies in a queue when it is removed is lost. Who has it open nobody can know: a second
/// receiver of a port is refused, and a sender told that the receiver was killed, by the kernel's note of who received
/// last (msg_lrpid); an owner of a mailbox takes it along when it leaves, not when it is killed.
struct sysv_mqueue : transport::queue::word<transport::queue::system_v_object, transport::queue::system_v_names,
                                            transport::queue::raw_system_v> {
    using axis = transport_axis;
    using natural_lifetime = kernel_lifetime;
    static constexpr std::string_view name = "sysv_mqueue";

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
        .selects_by_type = true,
        .raw = true,
        .splits = true,
        .direction = transport::directions::half_duplex,
        .largest_unit = transport::queue::system_v_object::unit,
    };
};

}  // namespace parley
