#pragma once

#include <atomic>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <mutex>
#include <optional>
#include <unordered_map>

#include <poll.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/signalfd.h>
#include <sys/types.h>
#include <unistd.h>

#include <parley/os/descriptor.hpp>
#include <parley/os/error.hpp>
#include <parley/os/poll.hpp>
#include <parley/os/random.hpp>
#include <parley/transport/signal/mask.hpp>
#include <parley/transport/signal/number.hpp>

/// Which of a process's links a signal is for.
///
/// A process has one queue of pending signals for all its links. A signal carries 64 bits (sigqueue(3)): the message,
/// and the *tag* of the link, which its receiver has chosen and written into the link's books. Whoever wants a message
/// reads signals from the one signalfd(2) of the process, one at a time, until there is one for its own link; what is
/// for another goes into that one's inbox, and what is for nobody is dropped: it was sent to a link that has gone, or
/// by a program that is not parley's.
///
/// A process forked from this one has the descriptors, but signals and a dispatcher of its own: nothing of its parent's
/// is touched there, not even a lock, which another thread may have held in the moment of fork.

namespace parley::transport::signal {

/// What a signal carries.
struct letter {
    std::uint32_t tag = 0;  ///< which link; 31 bits, never 0
    bool settles = false;   ///< no message: `content` is the number of messages that were sent until here
    std::uint32_t content = 0;

    [[nodiscard]] ::sigval seal() const noexcept {
        ::sigval value{};
        const auto bits = (std::uint64_t{settles} << 63) | (std::uint64_t{tag} << 32) | content;
        static_assert(sizeof value.sival_ptr == sizeof bits, "parley: rt_signal needs a machine of 64 bits");
        value.sival_ptr = reinterpret_cast<void*>(static_cast<std::uintptr_t>(bits));
        return value;
    }

    [[nodiscard]] static letter open(std::uint64_t bits) noexcept {
        return {static_cast<std::uint32_t>(bits >> 32) & 0x7fffffffU, bits >> 63 != 0,
                static_cast<std::uint32_t>(bits)};
    }
};

class dispatcher {
public:
    class inbox;

    /// This process's own, made when first asked for. It lasts as long as the process.
    [[nodiscard]] static dispatcher& here() {
        auto* found = current.load(std::memory_order_acquire);
        while (found == nullptr || found->process_ != ::getpid()) {
            auto* made = new dispatcher(found);
            if (current.compare_exchange_strong(found, made, std::memory_order_acq_rel, std::memory_order_acquire)) {
                return *made;
            }
            delete made;  // another thread was faster
        }
        return *found;
    }

    dispatcher(const dispatcher&) = delete;
    dispatcher& operator=(const dispatcher&) = delete;

private:
    explicit dispatcher(dispatcher* before) : before_(before) {
        claim(number_of_links());
        ::sigset_t one;
        ::sigemptyset(&one);
        ::sigaddset(&one, number_of_links());
        signals_ = os::descriptor{::signalfd(-1, &one, SFD_CLOEXEC | SFD_NONBLOCK)};
        if (!signals_) {
            os::throw_system(errno, "opening a signalfd for " + text_of(number_of_links()),
                             "raise the limit of open files (ulimit -n)");
        }
        next_tag_ = os::random_number<std::uint32_t>();
    }
    ~dispatcher() = default;

    static inline constinit std::atomic<dispatcher*> current{nullptr};

    ::pid_t process_ = ::getpid();
    [[maybe_unused]] dispatcher* before_;  // a parent's: stays as it is, and reachable
    os::descriptor signals_;
    std::mutex mutex_;
    std::unordered_map<std::uint32_t, inbox*> inboxes_;
    std::uint32_t next_tag_ = 0;
};

/// Where one link finds what was sent to it.
class dispatcher::inbox {
public:
    /// `limit`: more than an honest sender ever has under way. `taken(tag)`: whether this tag meant something else to
    /// the same sender.
    template <class Taken>
    inbox(std::size_t limit, Taken taken) : from_(here()), limit_(limit) {
        block(number_of_links());  // the thread that opened the dispatcher may have been another
        bell_ = os::descriptor{::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)};
        either_ = os::descriptor{::epoll_create1(EPOLL_CLOEXEC)};
        ::epoll_event readable{};
        readable.events = EPOLLIN;
        if (!bell_ || !either_ || ::epoll_ctl(either_.get(), EPOLL_CTL_ADD, bell_.get(), &readable) != 0 ||
            ::epoll_ctl(either_.get(), EPOLL_CTL_ADD, from_.signals_.get(), &readable) != 0) {
            os::throw_system(errno, "making a descriptor to wait for " + text_of(number_of_links()),
                             "raise the limit of open files (ulimit -n)");
        }
        const std::lock_guard lock(from_.mutex_);
        do {
            tag_ = from_.next_tag_++ & 0x7fffffffU;
        } while (tag_ == 0 || taken(tag_) || from_.inboxes_.contains(tag_));
        from_.inboxes_.emplace(tag_, this);
    }
    inbox(const inbox&) = delete;
    inbox& operator=(const inbox&) = delete;

    ~inbox() {
        if (!inherited()) {
            const std::lock_guard lock(from_.mutex_);
            from_.inboxes_.erase(tag_);
        }
    }

    [[nodiscard]] bool inherited() const noexcept { return from_.process_ != ::getpid(); }
    [[nodiscard]] std::uint32_t tag() const noexcept { return tag_; }

    /// The next letter, if one has come. Never waits.
    [[nodiscard]] std::optional<letter> take() {
        const std::lock_guard lock(from_.mutex_);  // also for the order: what was read before stands before
        if (!waiting_.empty()) {
            const auto first = waiting_.front();
            waiting_.pop_front();
            if (waiting_.empty()) {
                std::uint64_t rung = 0;
                [[maybe_unused]] const auto size = ::read(bell_.get(), &rung, sizeof rung);
            }
            return first;
        }
        for (;;) {
            ::signalfd_siginfo info;
            const auto size = os::uninterrupted([&] { return ::read(from_.signals_.get(), &info, sizeof info); });
            if (size != static_cast<::ssize_t>(sizeof info)) {
                return std::nullopt;
            }
            const auto opened = letter::open(info.ssi_ptr);
            if (info.ssi_code != SI_QUEUE || opened.tag == 0) {
                continue;
            }
            if (opened.tag == tag_) [[likely]] {
                return opened;
            }
            if (const auto whose = from_.inboxes_.find(opened.tag); whose != from_.inboxes_.end()) {
                whose->second->keep(opened);
            }
        }
    }

    /// Whether `take` may find something: also where what has come is for another link.
    [[nodiscard]] bool readable() const {
        {
            const std::lock_guard lock(from_.mutex_);
            if (!waiting_.empty()) {
                return true;
            }
        }
        return os::is_ready(from_.signals_.get(), POLLIN);
    }

    /// For poll(2): readable when `readable()`.
    [[nodiscard]] int handle() const noexcept { return either_.get(); }

private:
    /// With the lock held.
    void keep(const letter& content) {
        if (waiting_.size() >= limit_) {
            return;  // forged
        }
        waiting_.push_back(content);
        if (waiting_.size() == 1) {
            const std::uint64_t one = 1;
            [[maybe_unused]] const auto size = ::write(bell_.get(), &one, sizeof one);
        }
    }

    dispatcher& from_;
    std::size_t limit_;
    std::uint32_t tag_ = 0;
    os::descriptor bell_;    // rung while another has put something in here
    os::descriptor either_;  // the bell, and the signals of the process
    std::deque<letter> waiting_;
};

}  // namespace parley::transport::signal
