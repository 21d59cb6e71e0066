#pragma once

#include "../support/message.hpp"
#include "../support/shared.hpp"

#include <atomic>
#include <cerrno>
#include <cstdint>
#include <system_error>

#include <linux/futex.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace bench::reference {

/// Two processes that hand a message over and sleep in FUTEX_WAIT until it comes back: what waiting costs in the
/// kernel, and nothing else. Never spins, and always wakes. The setup of a (sleeping) ping-pong.
class futex_ping_pong {
    struct alignas(128) mailbox {
        std::atomic<std::uint32_t> full{0};
        message content{};
    };
    static_assert(std::atomic<std::uint32_t>::is_always_lock_free, "the kernel looks at the plain word");

    class end {
    public:
        end(mailbox& out, mailbox& in) noexcept : out_(out), in_(in) {}

        void send(const message& given) noexcept {
            out_.content = given;
            out_.full.store(1, std::memory_order_release);  // F1 -> F2: the content is there
            ::syscall(SYS_futex, &out_.full, FUTEX_WAKE, 1, nullptr, nullptr, 0);
        }

        [[nodiscard]] message receive() {
            while (in_.full.load(std::memory_order_acquire) == 0) {  // F2
                if (::syscall(SYS_futex, &in_.full, FUTEX_WAIT, 0, nullptr, nullptr, 0) != 0 && errno != EAGAIN &&
                    errno != EINTR) {
                    throw std::system_error(errno, std::generic_category(), "FUTEX_WAIT");
                }
            }
            const message taken = in_.content;
            in_.full.store(0, std::memory_order_relaxed);  // the answer, sent later, carries this with it
            return taken;
        }

    private:
        mailbox& out_;
        mailbox& in_;
    };

    struct both {
        mailbox to_right;
        mailbox to_left;
    };
    shared<both> boxes_;

public:
    [[nodiscard]] end left() const noexcept { return {boxes_->to_right, boxes_->to_left}; }
    [[nodiscard]] end right() const noexcept { return {boxes_->to_left, boxes_->to_right}; }
};

}  // namespace bench::reference
