#pragma once

#include <algorithm>
#include <cstddef>
#include <string>
#include <string_view>

#include <parley/lifetime/owner.hpp>
#include <parley/os/runtime_directory.hpp>
#include <parley/segment/file_backing.hpp>
#include <parley/transport/queue/pipe_object.hpp>
#include <parley/transport/queue/raw_fifo.hpp>
#include <parley/transport/queue/word.hpp>

namespace parley {

namespace transport::queue {

struct fifo_names {
    static constexpr std::string_view prefix = "fifo";

    /// A path as a part of a file's name: with ':' for each '/'.
    [[nodiscard]] static std::string to_file(std::string_view name) {
        if (name.find('/') == std::string_view::npos) {
            return segment::posix_backing::checked(name);
        }
        if (name.find(':') != std::string_view::npos || name.back() == '/') {
            throw_error(errc::invalid_name,
                        "the name '" + std::string(name) + "' cannot be used: the path of a fifo has no ':'");
        }
        std::string result(name);
        std::replace(result.begin(), result.end(), '/', ':');
        return segment::posix_backing::checked(result);
    }
    [[nodiscard]] static std::string object_name(const std::string& file, std::size_t index) {
        std::string path = file;
        if (file.find(':') != std::string::npos) {
            std::replace(path.begin(), path.end(), ':', '/');
        } else {
            path = os::runtime_directory() + "/" + file + ".fifo";
        }
        return path + (index == 0 ? "" : "-" + std::to_string(index));
    }
};

}  // namespace transport::queue

/// Named pipes (fifo(7)), a message a packet: the channel `orders` is the fifo orders.fifo in the user's own directory
/// (0700, os/runtime_directory.hpp); a name with a '/' is the path of the fifo. /dev/shm/parley-fifo.NAME keeps the
/// books.
///
/// A pipe holds pages, so N is a power of two, and what is in it goes when nobody has it open. Messages of fixed size
/// that take several pages are no packets, but fill these: where a stranger writes something between them, the receiver
/// is told (`errc::corrupt`), and what is in the pipe at that moment is lost with it. Limits of an
/// unprivileged user: fs.pipe-max-size bytes (1 MiB, 256 pages) for each, fs.pipe-user-pages-soft pages (16384) in all.
///
/// With `raw` the fifo is all there is, a stream of bytes: a message of fixed size is received when all its bytes are
/// there, in pieces or not; a `bytes<Max>` is what there is, up to Max, and an empty one is nothing. Each message of
/// parley's is written in one piece; where others write in pieces, let there be one receiver. A receiver stays when the
/// writers go; a sender begins when there is a reader (its `native_handle()` is -1 before), and with the last reader
/// its channel is closed. The path stays until it is removed; that of a port goes with its receiver. By default the
/// bound is the kernel's, 64 KiB; with `bounded<N>` each message of parley's takes up one of N pages.
struct fifo
    : transport::queue::word<transport::queue::fifo_object, transport::queue::fifo_names, transport::queue::raw_fifo> {
    using axis = transport_axis;
    using natural_lifetime = owner_lifetime;
    static constexpr std::string_view name = "fifo";

    static constexpr transport::capabilities capabilities{
        .named = true,
        .per_user = true,
        .many_senders = true,
        .many_receivers = true,
        .keeps_boundaries = true,
        .ordered = true,
        .lossless = true,
        .rendezvous = true,
        .exact_capacity = true,
        .powers_of_two = true,
        .kernel_buffer = true,
        .pollable = true,
        .raw = true,
        .splits = true,
        .direction = transport::directions::simplex,
        .largest_unit = transport::queue::fifo_object::unit,
    };
};

}  // namespace parley
