#pragma once

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <chrono>
#include <condition_variable>
#include <csignal>
#include <cstddef>
#include <cstring>
#include <deque>
#include <exception>
#include <memory>
#include <mutex>
#include <new>
#include <span>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include <parley/os/clock.hpp>
#include <parley/os/descriptor.hpp>
#include <parley/os/error.hpp>
#include <parley/transport/socket/patience.hpp>

/// What goes over a connection, and what the kernel did not take at once.
///
/// A frame goes with one system call, straight from where it lies. What has been accepted and has no room in the kernel
/// is kept, in order, and goes first from then on. Who takes it to the kernel later is for whoever keeps it to say: the
/// next calls, or a thread of its own that lives until nothing is left. That thread takes no signals.

namespace parley::transport::socket {

/// What became of a frame.
enum class sending_outcome {
    sent,    ///< the kernel has it
    kept,    ///< accepted; at least a part of it waits here for room in the kernel
    full,    ///< not accepted, for want of room in the kernel
    broken,  ///< not accepted: the connection is dead
};

/// What to do with a frame for which the kernel has no room.
enum class keeping {
    refuse,  ///< nothing of it is accepted, except where a part of it has gone already
    begun,   ///< the same, and then `flush` finishes it
    later,   ///< it is kept, and `flush` finishes it
    thread,  ///< it is kept, and the thread finishes it
};

/// Bytes in the order in which they have to go.
class backlog {
public:
    explicit backlog(bool packets) noexcept : packets_(packets) {}

    [[nodiscard]] bool empty() const noexcept { return packets_ ? sizes_.empty() : chunks_.empty(); }
    void clear() noexcept {
        chunks_.clear();
        sizes_.clear();
        offset_ = 0;
    }

    /// Keeps what lies in `parts`, without the first `skipped` bytes.
    void append(std::span<const ::iovec> parts, std::size_t skipped) {
        std::size_t total = 0;
        for (const auto& each : parts) {
            total += each.iov_len;
        }
        const auto room = total - skipped;
        if (room != 0 && (chunks_.empty() || chunks_.back().size() + room > chunks_.back().capacity())) {
            std::vector<std::byte> chunk;
            chunk.reserve(std::max(chunk_size, room));
            chunks_.push_back(std::move(chunk));
        }
        if (packets_) {
            sizes_.push_back(total);
        }
        if (room == 0) {
            return;
        }
        for (const auto& each : parts) {
            const auto* bytes = static_cast<const std::byte*>(each.iov_base);
            const auto left_out = std::min(skipped, each.iov_len);
            skipped -= left_out;
            chunks_.back().insert(chunks_.back().end(), bytes + left_out, bytes + each.iov_len);
        }
    }

    /// Gives the kernel as much as it takes. `sent` when nothing is left, `full`, or `broken`.
    [[nodiscard]] sending_outcome write_to(int socket) noexcept {
        while (!empty()) {
            const auto size = packets_ ? sizes_.front() : chunks_.front().size() - offset_;
            const auto* from = size != 0 ? chunks_.front().data() + offset_ : nullptr;  // of raw, a packet of nothing
            const auto written = ::send(socket, from, size, MSG_NOSIGNAL | MSG_DONTWAIT);
            if (written < 0) {
                if (errno == EINTR) {
                    continue;
                }
                return lacks_room(errno) ? sending_outcome::full : sending_outcome::broken;
            }
            if (packets_) {
                sizes_.pop_front();
            }
            offset_ += static_cast<std::size_t>(written);
            if (size != 0 && offset_ == chunks_.front().size()) {
                chunks_.pop_front();
                offset_ = 0;
            }
        }
        return sending_outcome::sent;
    }

    [[nodiscard]] static bool lacks_room(int error_number) noexcept {
        return error_number == EAGAIN || error_number == EWOULDBLOCK || error_number == ENOBUFS ||
               error_number == ENOMEM;
    }

private:
    static constexpr std::size_t chunk_size = 65536;

    std::deque<std::vector<std::byte>> chunks_;
    std::deque<std::size_t> sizes_;  ///< of packets
    std::size_t offset_ = 0;         ///< of the first chunk, how much has gone
    bool packets_;
};

/// The way out of one connection. Stays where it is.
class outgoing {
public:
    /// `begun`: who finishes a frame of which the kernel took a part only.
    outgoing(int socket, bool packets, keeping begun) noexcept
        : socket_(socket), backlog_(packets), begun_(begun), process_(::getpid()) {}
    outgoing(const outgoing&) = delete;
    outgoing& operator=(const outgoing&) = delete;
    ~outgoing() {
        if (process_ != ::getpid()) {
            static_cast<void>(thread_.release());  // it is the parent's, and does not exist here
            return;
        }
        stop_.store(true, std::memory_order_relaxed);
        if (thread_ != nullptr && thread_->joinable()) {
            thread_->join();
        }
    }

    /// Whether something waits for room in the kernel.
    [[nodiscard]] bool is_behind() const noexcept { return behind_.load(std::memory_order_acquire); }
    [[nodiscard]] bool is_broken() const noexcept { return broken_.load(std::memory_order_acquire); }

    /// Sends one frame, or a part of one that is a packet.
    [[nodiscard]] sending_outcome send(std::span<const ::iovec> parts, std::size_t size, keeping if_full) {
        if (is_broken()) {
            return sending_outcome::broken;
        }
        if (is_behind() && !catch_up()) {
            if (is_broken()) {
                return sending_outcome::broken;
            }
            if (refuses(if_full)) {
                return sending_outcome::full;
            }
            keep(parts, 0, if_full);
            return sending_outcome::kept;
        }
        auto written = os::uninterrupted([&] { return write(parts, size); });
        if (written == static_cast<::ssize_t>(size)) [[likely]] {
            return sending_outcome::sent;
        }
        if (written < 0) {
            if (errno == EMSGSIZE) {
                throw_error(errc::message_too_large, "a packet of " + std::to_string(size) +
                                                         " bytes is larger than the socket's buffer (sysctl "
                                                         "net.core.wmem_default, or smaller messages)");
            }
            if (!backlog::lacks_room(errno)) {
                broken_.store(true, std::memory_order_release);
                return sending_outcome::broken;
            }
            if (refuses(if_full)) {
                return sending_outcome::full;
            }
            written = 0;
        }
        auto gone = static_cast<std::size_t>(written);
        if (if_full == keeping::begun || if_full == keeping::later) {
            gone = go_on(parts, gone, size);
            if (gone == size) {
                return sending_outcome::sent;
            }
        }
        keep(parts, gone, once_begun(if_full));
        return sending_outcome::kept;
    }

    /// What to do with the rest of a frame, or of a message in parts, of which something has gone.
    [[nodiscard]] keeping once_begun(keeping if_full) const noexcept {
        return if_full == keeping::refuse ? begun_ : if_full == keeping::begun ? keeping::later : if_full;
    }

    /// Takes to the kernel what waits, as far as there is room, if no thread does so. Whether nothing waits any more.
    bool flush() noexcept { return !is_behind() || catch_up(); }

    /// Leaves what waits to the thread.
    void leave_to_thread() {
        const std::lock_guard lock(guard_);
        if (!backlog_.empty() && !running_) {
            start();
        }
    }

    /// Waits until nothing waits any more, or the connection is dead.
    void finish() noexcept {
        while (is_behind() && !is_broken()) {
            {
                std::unique_lock lock(guard_);
                if (running_) {
                    drained_.wait_for(lock, os::look_around_interval);
                    continue;
                }
            }
            if (!catch_up()) {
                sleep_on(socket_, POLLOUT, os::deadline::never());
            }
        }
    }

private:
    [[nodiscard]] static bool refuses(keeping if_full) noexcept {
        return if_full == keeping::refuse || if_full == keeping::begun;
    }

    /// A small frame is cheaper to put together here than by the kernel.
    [[nodiscard]] ::ssize_t write(std::span<const ::iovec> parts, std::size_t size) const noexcept {
        constexpr int flags = MSG_NOSIGNAL | MSG_DONTWAIT;
        if (std::array<std::byte, 256> whole; size <= whole.size()) {
            std::size_t filled = 0;
            for (const auto& each : parts) {
                if (each.iov_len != 0) {
                    std::memcpy(whole.data() + filled, each.iov_base, each.iov_len);
                    filled += each.iov_len;
                }
            }
            return ::send(socket_, whole.data(), size, flags);
        }
        ::msghdr message{};
        message.msg_iov = const_cast<::iovec*>(parts.data());
        message.msg_iovlen = parts.size();
        return ::sendmsg(socket_, &message, flags);
    }

    /// For a caller that waits: while the other side makes room the rest goes from where it lies. How much has gone.
    [[nodiscard]] std::size_t go_on(std::span<const ::iovec> parts, std::size_t gone, std::size_t size) const noexcept {
        for (brief_patience patience; gone != size;) {
            std::array<::iovec, 3> rest{};
            std::size_t count = 0;
            std::size_t skipped = gone;
            for (const auto& each : parts) {
                const auto left_out = std::min(skipped, each.iov_len);
                rest[count++] = {static_cast<std::byte*>(each.iov_base) + left_out, each.iov_len - left_out};
                skipped -= left_out;
            }
            ::msghdr message{};
            message.msg_iov = rest.data();
            message.msg_iovlen = count;
            const auto written = ::sendmsg(socket_, &message, MSG_NOSIGNAL | MSG_DONTWAIT);
            if (written > 0) {
                gone += static_cast<std::size_t>(written);
                patience.renew(written);
            } else if (!backlog::lacks_room(errno) || !patience.lasts()) {
                break;  // what an error means, the next write says
            }
        }
        return gone;
    }

    /// Whether nothing is left.
    bool catch_up() noexcept {
        const std::lock_guard lock(guard_);
        if (!running_) {
            settle(backlog_.write_to(socket_));
        }
        return !is_behind() && !is_broken();
    }

    void keep(std::span<const ::iovec> parts, std::size_t skipped, keeping how) {
        const std::lock_guard lock(guard_);
        try {
            backlog_.append(parts, skipped);
            behind_.store(true, std::memory_order_release);
            if (how == keeping::thread && !running_) {
                start();
            }
        } catch (const std::bad_alloc&) {
            if (skipped != 0) {
                broken_.store(true, std::memory_order_release);  // half a frame has gone
            }
            throw_error(errc::no_space, "keeping a message that the kernel has no room for: there is no memory left");
        }
    }

    /// With the lock held.
    void settle(sending_outcome outcome) noexcept {
        if (outcome == sending_outcome::full) {
            return;
        }
        if (outcome == sending_outcome::broken) {
            backlog_.clear();
            broken_.store(true, std::memory_order_release);
        }
        behind_.store(false, std::memory_order_release);
    }

    /// With the lock held.
    void start() {
        if (thread_ != nullptr && thread_->joinable()) {
            thread_->join();  // it has done its work and is on its way out
        }
        const without_signals inherited;
        try {
            thread_ = std::make_unique<std::thread>([this] { drain(); });
            running_ = true;
        } catch (const std::exception&) {
            // The next calls do what the thread would have done.
        }
    }

    /// A thread begins with the mask of the one that starts it.
    class without_signals {
    public:
        without_signals() noexcept {
            ::sigset_t all;
            ::sigfillset(&all);
            ::pthread_sigmask(SIG_SETMASK, &all, &before_);
        }
        without_signals(const without_signals&) = delete;
        without_signals& operator=(const without_signals&) = delete;
        ~without_signals() { ::pthread_sigmask(SIG_SETMASK, &before_, nullptr); }

    private:
        ::sigset_t before_;
    };

    void drain() noexcept {
        for (;;) {
            {
                const std::lock_guard lock(guard_);
                settle(backlog_.write_to(socket_));
                if (!is_behind() || stop_.load(std::memory_order_relaxed)) {
                    running_ = false;
                    drained_.notify_all();
                    return;
                }
            }
            sleep_on(socket_, POLLOUT, os::deadline::never());
        }
    }

    int socket_;
    std::mutex guard_;
    backlog backlog_;
    keeping begun_;
    std::condition_variable drained_;
    std::unique_ptr<std::thread> thread_;
    bool running_ = false;
    std::atomic<bool> behind_{false};
    std::atomic<bool> broken_{false};
    std::atomic<bool> stop_{false};
    ::pid_t process_;
};

}  // namespace parley::transport::socket
