#pragma once

#include <condition_variable>
#include <cstddef>
#include <deque>
#include <exception>
#include <functional>
#include <memory>
#include <mutex>
#include <new>
#include <span>
#include <system_error>
#include <thread>
#include <utility>
#include <vector>

#include <signal.h>
#include <unistd.h>

#include <parley/os/crash_point.hpp>
#include <parley/os/error.hpp>

namespace parley::transport {

/// What `unbounded` is over the kernel: the messages for which the kernel has no room wait in the sender's own memory,
/// and a thread of the sender's hands them on as room comes, also while the user makes no calls. The thread starts with
/// the first message that waits, handles no signals, and ends with the sender.
///
/// Who is killed takes what waited along. Who leaves in good order lingers first (`linger`). A process forked from the
/// sender's has a copy without the thread, and leaves it alone.
class spill {
public:
    /// The link below. Its functions are called with the lock of the spill held, but for `wait`.
    struct link {
        std::function<bool(std::span<const std::byte>)> put;  ///< false: no room at the moment; throws at the end
        std::function<void()> wait;                           ///< until there may be room, or a while has passed
        std::function<bool()> wanted;                         ///< whether anybody is there to receive what waits
    };

    explicit spill(link below) : state_(std::make_shared<state>(std::move(below))) {}
    spill(const spill&) = delete;
    spill& operator=(const spill&) = delete;

    ~spill() {
        if (inherited()) {
            // Neither thread nor lock came along with fork.
            static_cast<void>(new (std::nothrow) std::shared_ptr<state>(std::move(state_)));
            static_cast<void>(new (std::nothrow) std::thread(std::move(courier_)));
            return;
        }
        {
            const std::lock_guard lock(state_->mutex);
            state_->stop = true;
        }
        state_->changed.notify_all();
        if (courier_.joinable()) {
            courier_.join();
        }
    }

    /// Sends now, or when there is room and everything before has been sent. Throws what the link threw since.
    void send(std::span<const std::byte> content) {
        {
            const std::lock_guard lock(state_->mutex);
            if (state_->failure) {
                std::rethrow_exception(state_->failure);
            }
            if (state_->waiting.empty() && state_->below.put(content)) {
                return;
            }
            if (!courier_.joinable()) {
                start();  // before the message counts as sent: it may not be possible
            }
            state_->waiting.emplace_back(content.begin(), content.end());
        }
        state_->changed.notify_all();
    }

    /// Waits until nothing waits any more, or nobody is there to receive it.
    void linger() noexcept {
        if (inherited()) {
            return;
        }
        std::unique_lock lock(state_->mutex);
        while (!state_->waiting.empty() && !state_->failure && state_->below.wanted()) {
            state_->changed.wait_for(lock, std::chrono::milliseconds(10));
        }
    }

private:
    struct state {
        explicit state(link given) : below(std::move(given)) {}
        link below;
        std::mutex mutex;
        std::condition_variable changed;
        std::deque<std::vector<std::byte>> waiting;
        std::exception_ptr failure;
        bool stop = false;
    };

    [[nodiscard]] bool inherited() const noexcept { return process_ != ::getpid(); }

    void start() {
        ::sigset_t all;
        ::sigset_t before;
        ::sigfillset(&all);
        ::pthread_sigmask(SIG_SETMASK, &all, &before);  // signals are the user's threads' business
        struct restore {
            const ::sigset_t& mask;
            ~restore() { ::pthread_sigmask(SIG_SETMASK, &mask, nullptr); }
        } guard{before};
        try {
            courier_ = std::thread([shared = state_] { deliver(*shared); });
        } catch (const std::system_error&) {
            throw_error(errc::no_space,
                        "an unbounded sender hands on what has to wait by a thread of its own, and there "
                        "may be no more threads; raise the limit (ulimit -u)");
        }
    }

    static void deliver(state& shared) {
        std::unique_lock lock(shared.mutex);
        for (;;) {
            shared.changed.wait(lock, [&] { return shared.stop || !shared.waiting.empty(); });
            if (shared.stop) {
                return;
            }
            try {
                if (shared.below.put(shared.waiting.front())) {
                    PARLEY_CRASH_POINT("spill: message handed on, the next one waits");
                    shared.waiting.pop_front();
                    if (shared.waiting.empty()) {
                        shared.changed.notify_all();
                    }
                    continue;
                }
                lock.unlock();
                shared.below.wait();
                lock.lock();
            } catch (...) {
                if (!lock.owns_lock()) {
                    lock.lock();
                }
                shared.failure = std::current_exception();
                shared.waiting.clear();
                shared.changed.notify_all();
                return;
            }
        }
    }

    std::shared_ptr<state> state_;
    std::thread courier_;
    ::pid_t process_ = ::getpid();
};

}  // namespace parley::transport
