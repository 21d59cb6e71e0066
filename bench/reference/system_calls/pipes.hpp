#pragma once

#include "descriptor.hpp"
#include "ends.hpp"

#include <array>
#include <cerrno>
#include <cstddef>
#include <filesystem>
#include <string>

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

namespace bench::reference {

struct file_calls {
    static constexpr const char* write_name = "write";
    static constexpr const char* read_name = "read";
    static ::ssize_t write(int file, const void* bytes, std::size_t size) noexcept {
        return ::write(file, bytes, size);
    }
    static ::ssize_t read(int file, void* bytes, std::size_t size) noexcept { return ::read(file, bytes, size); }
};

/// The same without a signal where nobody reads any more, as a library has to write. Kernels before 6.18 do not know
/// that, and let this write as it can.
struct file_calls_without_signal : file_calls {
    static constexpr const char* write_name = "pwritev2";
    static ::ssize_t write(int file, const void* bytes, std::size_t size) noexcept {
        constexpr int without_signal = 0x100;  // RWF_NOSIGNAL
        const ::iovec part{const_cast<void*>(bytes), size};
        const auto written = ::pwritev2(file, &part, 1, -1, without_signal);
        return written < 0 && errno == EOPNOTSUPP ? file_calls::write(file, bytes, size) : written;
    }
};

/// One way: where to write and where to read.
struct way {
    descriptor write;
    descriptor read;
};

inline both_sides two_ways(way there, way back) {
    both_sides result;
    result.left = {std::move(there.write), std::move(back.read)};
    result.right = {std::move(back.write), std::move(there.read)};
    return result;
}

/// Anonymous pipes, one each way, with room for as many packets as asked: in packet mode each takes a page.
inline way anonymous_pipe(int flags, std::size_t pages) {
    std::array<int, 2> made{};
    checked(::pipe2(made.data(), O_CLOEXEC | flags), "pipe2");
    way result{descriptor(made[1]), descriptor(made[0])};
    const auto size = static_cast<int>(pages * static_cast<std::size_t>(::sysconf(_SC_PAGESIZE)));
    checked(::fcntl(made[1], F_SETPIPE_SZ, size), "fcntl(F_SETPIPE_SZ)");
    return result;
}

/// How many packets a message is, times how many messages.
inline std::size_t pages_for(std::size_t capacity, std::size_t size) {
    const auto page = static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
    return capacity * ((size + page - 1) / page);
}

/// Packet mode.
struct pipe {
    static both_sides open(std::size_t capacity, std::size_t size) {
        return two_ways(anonymous_pipe(O_DIRECT, pages_for(capacity, size)),
                        anonymous_pipe(O_DIRECT, pages_for(capacity, size)));
    }

    template <class Message, class Waiting>
    using end = packet_end<file_calls, Message, Waiting>;
};

/// As pipes usually are: bytes, many of which share a page.
struct pipe_of_bytes {
    static both_sides open(std::size_t capacity, std::size_t size) {
        return two_ways(anonymous_pipe(0, pages_for(capacity, size)), anonymous_pipe(0, pages_for(capacity, size)));
    }

    template <class Message, class Waiting>
    using end = stream_end<file_calls, Message, Waiting>;
};

/// A named pipe. The name is needed no longer when it is open, and then it learns whether it is in packet mode.
inline way named_pipe(const std::string& name, int flags, std::size_t pages) {
    const auto path =
        std::filesystem::temp_directory_path() / ("parley-bench-" + std::to_string(::getpid()) + "-" + name);
    checked(::mkfifo(path.c_str(), 0600), "mkfifo");
    way result;
    result.read = descriptor(::open(path.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC));
    result.write = descriptor(::open(path.c_str(), O_WRONLY | O_CLOEXEC));
    std::filesystem::remove(path);
    checked(result.read.get(), "open");
    checked(result.write.get(), "open");
    checked(::fcntl(result.read.get(), F_SETFL, 0), "fcntl");
    add_flags(result.write.get(), flags);
    const auto bytes = static_cast<int>(pages * static_cast<std::size_t>(::sysconf(_SC_PAGESIZE)));
    checked(::fcntl(result.write.get(), F_SETPIPE_SZ, bytes), "fcntl(F_SETPIPE_SZ)");
    return result;
}

inline both_sides named_pipes(int flags, std::size_t pages) {
    return two_ways(named_pipe("there", flags, pages), named_pipe("back", flags, pages));
}

/// Packet mode.
struct fifo {
    static both_sides open(std::size_t capacity, std::size_t size) {
        return named_pipes(O_DIRECT, pages_for(capacity, size));
    }

    template <class Message, class Waiting>
    using end = packet_end<file_calls, Message, Waiting>;
};

struct fifo_of_bytes {
    static both_sides open(std::size_t capacity, std::size_t size) { return named_pipes(0, pages_for(capacity, size)); }

    template <class Message, class Waiting>
    using end = stream_end<file_calls, Message, Waiting>;
};

/// For programs that a reader's end must not kill.
struct fifo_without_signal : fifo {
    template <class Message, class Waiting>
    using end = packet_end<file_calls_without_signal, Message, Waiting>;
};

}  // namespace bench::reference
