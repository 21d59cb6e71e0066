#pragma once

#include "../../support/shared.hpp"
#include "../../support/stream.hpp"
#include "by_hand.hpp"
#include "descriptor.hpp"
#include "waiting.hpp"

#include <array>
#include <atomic>
#include <cerrno>
#include <csignal>
#include <cstddef>
#include <cstdint>

#include <poll.h>
#include <sched.h>
#include <sys/signalfd.h>
#include <unistd.h>

namespace bench::reference {

/// Real-time signals that carry a value; signalfd(2) receives them, as many in one call as are there. The bound is what
/// the kernel lets a user have pending.
struct rt_signal;

/// Two processes that know each other's number as soon as both are there.
struct signal_pair {
    std::atomic<::pid_t> left{0};
    std::atomic<::pid_t> right{0};
};

template <class Message, class Waiting>
class signal_end {
public:
    signal_end(std::atomic<::pid_t>& mine, const std::atomic<::pid_t>& peer) : peer_(peer) {
        ::sigset_t set;
        ::sigemptyset(&set);
        ::sigaddset(&set, number());
        checked(::sigprocmask(SIG_BLOCK, &set, nullptr), "sigprocmask");
        const int flags = SFD_CLOEXEC | (Waiting::nonblocking ? SFD_NONBLOCK : 0);
        file_ = descriptor(checked(::signalfd(-1, &set, flags), "signalfd"));
        mine.store(::getpid(), std::memory_order_release);
    }

    void send(const Message& given) {
        ::sigval value{};
        value.sival_int = static_cast<int>(given.value);
        while (::sigqueue(peer_.load(std::memory_order_acquire), number(), value) != 0) {
            if (errno != EAGAIN) {
                throw_errno("sigqueue");
            }
            ::sched_yield();  // as many are pending as may be: there is nothing to wait on
        }
    }

    [[nodiscard]] Message receive() {
        if (next_ == there_) {
            const auto bytes = Waiting::complete(file_.get(), POLLIN, "read",
                                                 [&] { return ::read(file_.get(), arrived_.data(), sizeof arrived_); });
            there_ = static_cast<std::size_t>(bytes) / sizeof(::signalfd_siginfo);
            next_ = 0;
        }
        return {static_cast<std::uint32_t>(arrived_[next_++].ssi_int)};
    }

private:
    /// Not the one that parley uses.
    static int number() { return SIGRTMIN + 9; }

    const std::atomic<::pid_t>& peer_;
    descriptor file_;
    std::array<::signalfd_siginfo, 16> arrived_;
    std::size_t next_ = 0;
    std::size_t there_ = 0;
};

template <class Message, class Waiting, std::size_t Capacity>
class by_hand<rt_signal, Message, Waiting, Capacity> {
public:
    using message_type = Message;

    by_hand() = default;
    explicit by_hand(crowd) {}

    [[nodiscard]] auto left() const { return signal_end<Message, Waiting>(both_->left, both_->right); }
    [[nodiscard]] auto right() const { return signal_end<Message, Waiting>(both_->right, both_->left); }
    [[nodiscard]] auto producer() const { return left(); }
    [[nodiscard]] auto consumer() const { return right(); }

private:
    shared<signal_pair> both_;
};

}  // namespace bench::reference
