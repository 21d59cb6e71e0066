#pragma once

#include <algorithm>
#include <bit>
#include <cerrno>
#include <climits>
#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <utility>

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#include <parley/os/crash_point.hpp>
#include <parley/os/descriptor.hpp>
#include <parley/os/error.hpp>
#include <parley/os/limit_text.hpp>
#include <parley/os/poll.hpp>
#include <parley/transport/queue/object.hpp>
#include <parley/transport/queue/units.hpp>

namespace parley::transport::queue {

/// A pipe in packet mode (pipe(2), O_DIRECT): what one write put in, one read takes out, and each packet takes up a
/// page of the pipe's, so that a pipe of N pages holds exactly N. Where all units are `full` they are bytes, of which
/// one read may take many units out: these fill pages (or, where pages are larger, equal parts of them), and none is
/// ever written in part. Open for reading and writing at once, so that neither end of file nor SIGPIPE ever comes: who
/// is there is known from elsewhere.
class pipe_object {
public:
    static constexpr std::size_t unit = PIPE_BUF;
    static constexpr bool padded = false;
    static constexpr bool gathers = true;
    static constexpr bool pollable = true;

    /// Of messages: the 16 pages that every pipe has, or what goes into the 256 of the largest that an unprivileged
    /// user may have.
    template <class Message>
    static constexpr std::size_t natural_capacity =
        std::clamp<std::size_t>(std::bit_floor(256 / units_of<Message, pipe_object>), 1, 16);

    explicit pipe_object(os::descriptor&& both_ways) noexcept : pipe_(std::move(both_ways)) {}

    /// Without a name.
    [[nodiscard]] static pipe_object make_anonymous(const shape& as) {
        int ends[2];
        if (::pipe2(ends, O_CLOEXEC | O_DIRECT | O_NONBLOCK) != 0) {
            os::throw_system(errno, "making a pipe", "raise the limit of open files (ulimit -n)");
        }
        const os::descriptor reading{ends[0]};
        const os::descriptor writing{ends[1]};
        const auto path = "/proc/self/fd/" + std::to_string(reading.get());
        pipe_object made{os::descriptor{::open(path.c_str(), O_RDWR | O_CLOEXEC | O_NONBLOCK)}};
        if (!made.pipe_) {
            os::throw_system(errno, "opening a pipe both ways", "is /proc mounted?");
        }
        set_up(made.handle(), "pipe", as);
        return made;
    }

    [[nodiscard]] bool put(std::span<const std::byte> content) {
        const auto written = os::uninterrupted([&] { return ::write(pipe_.get(), content.data(), content.size()); });
        if (written >= 0) [[likely]] {
            return true;
        }
        if (errno == EAGAIN) {
            return false;
        }
        os::throw_system(errno, "writing to a pipe");
    }

    [[nodiscard]] std::optional<std::size_t> get(std::span<std::byte> room) {
        return taken(os::uninterrupted([&] { return ::read(pipe_.get(), room.data(), room.size()); }));
    }

    /// Of units that lie in pieces: how many bytes of them went, unit by unit.
    [[nodiscard]] std::size_t put(std::span<const ::iovec> pieces) {
        const auto written =
            os::uninterrupted([&] { return ::writev(pipe_.get(), pieces.data(), static_cast<int>(pieces.size())); });
        if (written < 0 && errno != EAGAIN) {
            os::throw_system(errno, "writing to a pipe");
        }
        return static_cast<std::size_t>(std::max<::ssize_t>(written, 0));
    }

    /// Of units that are to lie in pieces: as many as have come, or the pieces have room for; of packets, one.
    [[nodiscard]] std::optional<std::size_t> get(std::span<const ::iovec> pieces) {
        return taken(
            os::uninterrupted([&] { return ::readv(pipe_.get(), pieces.data(), static_cast<int>(pieces.size())); }));
    }

    [[nodiscard]] int handle() const noexcept { return pipe_.get(); }
    [[nodiscard]] bool readable() const noexcept { return os::is_ready(pipe_.get(), POLLIN); }
    [[nodiscard]] bool writable() const noexcept { return os::is_ready(pipe_.get(), POLLOUT); }

    /// Packet mode or not, and as many pages as units. A pipe that nobody had open has lost its size.
    static void set_up(int pipe, const std::string& name, const shape& as) {
        const auto page = static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
        const auto size = static_cast<int>(std::bit_ceil(as.units) * page);  // as the kernel rounds
        const int flags = ::fcntl(pipe, F_GETFL);
        const int wanted = as.full ? flags & ~O_DIRECT : flags | O_DIRECT;
        if (flags < 0 || ::fcntl(pipe, F_SETFL, wanted) != 0) {
            os::throw_system(errno, "setting the packet mode of " + name);
        }
        if (::fcntl(pipe, F_GETPIPE_SZ) == size || ::fcntl(pipe, F_SETPIPE_SZ, size) == size) {
            return;
        }
        if (errno == EPERM) {
            throw_error(errc::no_space, name + ": " + std::to_string(as.units) + " messages asked (" +
                                            std::string(as.composed) + "), which are " + std::to_string(size) +
                                            " bytes of pages, " + os::limit("/proc/sys/fs/pipe-max-size") +
                                            " for each pipe and /proc/sys/fs/pipe-user-pages-soft limits a user's; "
                                            "raise them (sysctl fs.pipe-max-size), or write a smaller bounded<N>");
        }
        os::throw_system(errno, "setting the size of " + name);
    }

private:
    /// What a read says.
    [[nodiscard]] static std::optional<std::size_t> taken(::ssize_t size) {
        if (size >= 0) [[likely]] {
            return static_cast<std::size_t>(size);
        }
        if (errno == EAGAIN) {
            return std::nullopt;
        }
        os::throw_system(errno, "reading from a pipe");
    }

protected:
    os::descriptor pipe_;
};

/// A pipe with a path (fifo(7)).
class fifo_object : public pipe_object {
public:
    [[nodiscard]] static fifo_object make(const std::string& path, const shape& as, record& noted) {
        ::unlink(path.c_str());
        if (::mkfifo(path.c_str(), as.permissions & S_IRWXU) != 0) {  // wider only when it is exactly what was asked
            os::throw_system(errno, "making the fifo " + path);
        }
        PARLEY_CRASH_POINT("queue object: fifo made, permissions not set");
        if (::chmod(path.c_str(), as.permissions) != 0) {
            os::throw_system(errno, "setting the permissions of the fifo " + path);
        }
        return open(path, as, noted);
    }

    [[nodiscard]] static fifo_object open(const std::string& path, const shape& as, record&) {
        fifo_object opened{os::descriptor{
            os::uninterrupted([&] { return ::open(path.c_str(), O_RDWR | O_NONBLOCK | O_CLOEXEC | O_NOFOLLOW); })}};
        if (!opened.pipe_) {
            os::throw_system(errno, "opening the fifo " + path);
        }
        struct ::stat status {};
        if (::fstat(opened.pipe_.get(), &status) != 0 || !S_ISFIFO(status.st_mode)) {
            throw_error(errc::corrupt, path + " is no fifo and is left alone");
        }
        set_up(opened.handle(), "fifo " + path, as);
        return opened;
    }

    static void remove(const std::string& path, record&) noexcept { ::unlink(path.c_str()); }

private:
    explicit fifo_object(os::descriptor&& both_ways) noexcept : pipe_object(std::move(both_ways)) {}
};

static_assert(queue_object<fifo_object>);

}  // namespace parley::transport::queue
