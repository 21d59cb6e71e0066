#pragma once

#include <atomic>
#include <cerrno>
#include <climits>
#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include <fcntl.h>
#include <poll.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#include <parley/os/descriptor.hpp>
#include <parley/os/error.hpp>
#include <parley/os/poll.hpp>
#include <parley/os/runtime_directory.hpp>
#include <parley/os/without_sigpipe.hpp>
#include <parley/segment/file_backing.hpp>
#include <parley/transport/queue/pipe_object.hpp>
#include <parley/transport/queue/raw_object.hpp>

namespace parley::transport::queue {

/// A fifo (fifo(7)) shared with programs that do not know parley.
///
/// A receiver has it open for both directions, so it never comes to an end when a writer does. A sender has it open for
/// writing only, so that a reader does: it opens the fifo when somebody has it open to read, and before that there is
/// no room. A message is written in one piece (PIPE_BUF at most), but what is read is a stream of bytes.
///
/// With a bound in messages the sender writes packets (pipe(2), O_DIRECT), each of which takes up a page of the pipe.
class raw_fifo {
public:
    static constexpr bool keeps_units = false;
    static constexpr bool counts_bytes = false;
    static constexpr bool pollable = true;
    static constexpr bool takes_less_room = false;

    [[nodiscard]] static raw_fifo open(const raw_request& request) {
        auto path = path_of(request.asked.name);
        auto result = find_or_make(
            request.asked, "fifo " + path, [&] { return find(path, request); }, [&] { return make(path, request); });
        static_cast<void>(result.state());  // who owns it, if anybody does
        return result;
    }

    static bool remove(std::string_view name) {
        const auto path = path_of(name);
        struct ::stat status {};
        if (::lstat(path.c_str(), &status) != 0) {
            if (errno == ENOENT) {
                return false;
            }
            os::throw_system(errno, "removing the fifo " + path);
        }
        if (!S_ISFIFO(status.st_mode)) {
            throw_error(errc::corrupt, path + " is no fifo and is left alone");
        }
        if (::unlink(path.c_str()) != 0 && errno != ENOENT) {
            os::throw_system(errno, "removing the fifo " + path);
        }
        return true;
    }

    [[nodiscard]] attempt put(std::span<const std::byte> content) {
        if (over_) {
            return attempt::over;
        }
        if (!file_ && !connect()) {
            return over_ ? attempt::over : attempt::refused;
        }
        const auto written = write(content);
        if (written >= 0) [[likely]] {
            return attempt::accepted;
        }
        switch (errno) {
            case EAGAIN:
                return attempt::refused;
            case EPIPE:
                over_ = true;
                return attempt::over;
            default:
                os::throw_system(errno, "writing to the fifo " + path_);
        }
    }

    [[nodiscard]] std::optional<std::size_t> get(std::span<std::byte> room) {
        const auto size = os::uninterrupted([&] { return ::read(handle(), room.data(), room.size()); });
        if (size > 0) [[likely]] {
            return static_cast<std::size_t>(size);
        }
        if (size == 0 || errno == EAGAIN) {
            return std::nullopt;
        }
        os::throw_system(errno, "reading from the fifo " + path_);
    }

    static constexpr std::size_t largest() noexcept { return 0; }  // whatever one asks for
    /// Of a sender -1 until somebody has the fifo open to read.
    [[nodiscard]] int handle() const noexcept { return file_.get(); }
    [[nodiscard]] bool readable() const noexcept { return os::is_ready(handle(), POLLIN); }
    [[nodiscard]] bool writable() { return file_ ? os::is_ready(handle(), POLLOUT) : over_ || connect() || over_; }

    [[nodiscard]] raw_state state() noexcept {
        if (!file_) {
            struct ::stat status {};
            const bool gone = over_ || (::lstat(path_.c_str(), &status) != 0 && errno == ENOENT);
            return gone ? raw_state::removed : raw_state::open;
        }
        const auto owner = owned_ ? claim_.look(handle()) : look_at_name();
        if (owner == raw_state::open && sends_) {
            ::pollfd asked{handle(), 0, 0};
            if (over_ || (::poll(&asked, 1, 0) > 0 && (asked.revents & POLLERR) != 0)) {
                return raw_state::abandoned;
            }
        }
        return owner;
    }
    [[nodiscard]] bool somebody_receives() noexcept { return file_ && state() == raw_state::open; }

    void leave() noexcept {
        struct ::stat ours {};
        struct ::stat named {};
        if (claim_.is_mine() && ::fstat(handle(), &ours) == 0 && ::lstat(path_.c_str(), &named) == 0 &&
            is_same_object(ours, named)) {
            ::unlink(path_.c_str());
        }
    }

private:
    raw_fifo(std::string path, const raw_request& request)
        : path_(std::move(path)),
          pages_(request.units),
          sends_(request.sends),
          owned_(request.owned),
          composed_(request.composed) {}

    /// write(2) that never raises SIGPIPE: by itself where the kernel can that (Linux 6.18), else with the signal held
    /// back around it.
    [[nodiscard]] ::ssize_t write(std::span<const std::byte> content) const noexcept {
        constexpr int without_signal = 0x100;                        // RWF_NOSIGNAL
        if (!kernel_refuses_flag.load(std::memory_order_relaxed)) {  // only a hint: any order will do
            const ::iovec part{const_cast<std::byte*>(content.data()), content.size()};  // NOLINT: only read
            const auto written = os::uninterrupted([&] { return ::pwritev2(handle(), &part, 1, -1, without_signal); });
            if (written >= 0 || (errno != EOPNOTSUPP && errno != EINVAL && errno != ENOSYS)) [[likely]] {
                return written;
            }
            kernel_refuses_flag.store(true, std::memory_order_relaxed);
        }
        return os::without_sigpipe{}.run(
            [&] { return os::uninterrupted([&] { return ::write(handle(), content.data(), content.size()); }); });
    }

    [[nodiscard]] static std::string path_of(std::string_view name) {
        if (name.find('/') == std::string_view::npos) {
            return os::runtime_directory() + "/" + segment::posix_backing::checked(name) + ".fifo";
        }
        if (name.back() == '/' || name.find('\0') != std::string_view::npos) {
            throw_error(errc::invalid_name, "the name '" + std::string(name) + "' is no path of a fifo");
        }
        return std::string(name);
    }

    [[nodiscard]] static std::optional<raw_fifo> find(const std::string& path, const raw_request& request) {
        raw_fifo found{path, request};
        if (request.sends) {
            static_cast<void>(found.connect());
            return found.over_ ? std::nullopt : std::optional(std::move(found));
        }
        if (!found.open_file(O_RDWR)) {
            return std::nullopt;
        }
        if (request.must_own() && !found.claim_.take(found.handle())) {
            if (found.look_at_name() == raw_state::removed) {
                return std::nullopt;  // its owner is just leaving
            }
            throw_port_in_use("fifo " + path);
        }
        if (found.look_at_name() == raw_state::removed) {
            return std::nullopt;
        }
        return found;
    }

    [[nodiscard]] static std::optional<raw_fifo> make(const std::string& path, const raw_request& request) {
        const auto permissions = request.asked.permissions;
        if (::mkfifo(path.c_str(), permissions & S_IRWXU) != 0) {  // wider only when it is exactly what was asked
            if (errno == EEXIST) {
                return std::nullopt;
            }
            os::throw_system(errno, "making the fifo " + path);
        }
        if (::chmod(path.c_str(), permissions) != 0) {
            os::throw_system(errno, "setting the permissions of the fifo " + path);
        }
        return find(path, request);
    }

    /// Tries to open the fifo for writing; false if nobody reads. `over_` if there is no fifo any more.
    [[nodiscard]] bool connect() {
        if (open_file(O_WRONLY)) {
            static_cast<void>(state());  // who owns it
            return true;
        }
        over_ = errno == ENOENT;
        return false;
    }

    /// False with ENXIO if nobody reads, and with ENOENT if there is no such file.
    [[nodiscard]] bool open_file(int way) {
        const int flags = way | O_NONBLOCK | O_CLOEXEC | O_NOFOLLOW | O_NOCTTY;
        os::descriptor opened{os::uninterrupted([&] { return ::open(path_.c_str(), flags); })};
        if (!opened) {
            if (errno == ENXIO || errno == ENOENT) {
                return false;
            }
            os::throw_system(errno, "opening the fifo " + path_);
        }
        struct ::stat status {};
        if (::fstat(opened.get(), &status) != 0 || !S_ISFIFO(status.st_mode)) {
            throw_error(errc::corrupt, path_ + " is no fifo and is left alone");
        }
        if (pages_ != 0) {
            pipe_object::set_up(opened.get(), "fifo " + path_, {PIPE_BUF, pages_, 0, composed_});
        }
        file_ = std::move(opened);
        return true;
    }

    [[nodiscard]] raw_state look_at_name() const noexcept {
        struct ::stat status {};
        return ::fstat(handle(), &status) == 0 && status.st_nlink == 0 ? raw_state::removed : raw_state::open;
    }

    static inline std::atomic<bool> kernel_refuses_flag{false};

    std::string path_;
    std::size_t pages_;  ///< 0: as many as the kernel gives
    bool sends_;
    bool owned_;
    bool over_ = false;
    std::string_view composed_;
    os::descriptor file_;
    claim_on_file claim_;
};

static_assert(raw_object<raw_fifo>);

}  // namespace parley::transport::queue
