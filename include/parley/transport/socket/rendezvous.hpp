#pragma once

#include <cstdint>
#include <utility>

/// What the two sides of a connection know of each other while a message is handed over in person. Pure states: who
/// says and hears the words is the connection.
///
/// The sending side makes a `request`; a receiver that waits answers one of them with `grant`, and that sender answers
/// with its message, or has said `withdraw` before. A receiver that goes to wait says `waiting` with a number, and
/// `resting` with that number when it stops, so that a sender that does not wait knows whether to ask. Neither side's
/// words fill the other's socket while that one is idle: there is at most one pair of `waiting` and `resting`, and one
/// pair of `request` and `withdraw`, that the other side has not answered yet. Numbers are never 0, which says none.

namespace parley::transport::socket {

/// The next number, after the last one given out.
[[nodiscard]] inline std::uint32_t count_on(std::uint32_t& last) noexcept {
    last += last + 1 == 0 ? 2U : 1U;
    return last;
}

/// The side that sends.
class asking {
public:
    /// Whether a receiver waits, as far as it has said.
    [[nodiscard]] bool is_awaited() const noexcept { return awaited_ != 0; }
    [[nodiscard]] bool is_granted() const noexcept { return is_granted_; }
    [[nodiscard]] bool may_ask() const noexcept { return asked_ == 0 && withdrawn_ == 0; }
    /// What every word of this side says beside: the last number under which the receiver said to wait.
    [[nodiscard]] std::uint32_t heard() const noexcept { return heard_; }

    [[nodiscard]] std::uint32_t ask() noexcept {
        is_granted_ = false;
        to_acknowledge_ = false;
        return asked_ = count_on(last_asked_);
    }
    /// The number of the request that is taken back; 0 if none stands.
    [[nodiscard]] std::uint32_t withdraw() noexcept {
        if (asked_ == 0) {
            return 0;
        }
        is_granted_ = false;
        return withdrawn_ = std::exchange(asked_, 0);
    }
    /// Whether there is something to acknowledge, which no other word has done.
    [[nodiscard]] bool acknowledge() noexcept { return std::exchange(to_acknowledge_, false); }
    /// The message goes.
    void give() noexcept {
        asked_ = 0;
        is_granted_ = false;
        to_acknowledge_ = false;
    }

    void hear_grant(std::uint32_t number) noexcept {
        is_granted_ |= number != 0 && number == asked_;
        awaited_ = 0;  // a receiver that grants has stopped to wait, whomever it answers
    }
    void hear_waiting(std::uint32_t number) noexcept { awaited_ = heard_ = number; }
    /// `withdrawn`: the withdrawal that this answers, or 0; `number`: the wait that it ends, or 0.
    void hear_resting(std::uint32_t number, std::uint32_t withdrawn) noexcept {
        if (withdrawn != 0 && withdrawn == withdrawn_) {
            withdrawn_ = 0;
        }
        if (number != 0) {
            awaited_ = 0;
            heard_ = number;
            to_acknowledge_ = true;
        }
    }

private:
    std::uint32_t awaited_ = 0;    ///< the number under which the receiver has said to wait, or 0
    std::uint32_t heard_ = 0;      ///< the last such number
    std::uint32_t asked_ = 0;      ///< the request that stands, or 0
    std::uint32_t withdrawn_ = 0;  ///< the request that was taken back, until the receiver has seen that
    std::uint32_t last_asked_ = 0;
    bool is_granted_ = false;
    bool to_acknowledge_ = false;
};

/// The side that receives. What is heard here comes from a peer that is not trusted: false where no peer that keeps the
/// rules says that.
class granting {
public:
    [[nodiscard]] bool has_request() const noexcept { return request_ != 0 && granted_ == 0; }
    [[nodiscard]] bool has_grant() const noexcept { return granted_ != 0; }

    /// The number of the request that is granted. It ends what `wait` said.
    [[nodiscard]] std::uint32_t grant() noexcept {
        told_ = 0;
        return granted_ = request_;
    }
    /// The number under which to say so; 0 if the other side has not read what was said last.
    [[nodiscard]] std::uint32_t wait() noexcept {
        if (told_ != 0 || unread_ != 0) {
            return 0;
        }
        return told_ = unread_ = count_on(last_told_);
    }
    /// The number of the wait that ends; 0 if none was said, or a grant has ended it.
    [[nodiscard]] std::uint32_t rest() noexcept { return std::exchange(told_, 0); }

    void hear_acknowledged(std::uint32_t number) noexcept { unread_ = number == unread_ ? 0 : unread_; }
    [[nodiscard]] bool hear_request(std::uint32_t number) noexcept {
        const bool sound = request_ == 0 && number != 0;
        request_ = number;
        return sound;
    }
    [[nodiscard]] bool hear_withdrawal(std::uint32_t number) noexcept {
        const bool sound = number == request_;
        request_ = granted_ = 0;
        return sound;
    }
    [[nodiscard]] bool hear_message() noexcept {
        const bool sound = granted_ != 0;
        request_ = granted_ = 0;
        return sound;
    }

private:
    std::uint32_t request_ = 0;  ///< the request that stands, or 0
    std::uint32_t granted_ = 0;  ///< the request that was granted and not answered yet, or 0
    std::uint32_t told_ = 0;     ///< the number under which this side has said to wait, or 0
    std::uint32_t unread_ = 0;   ///< that number, until the other side shows that it was read
    std::uint32_t last_told_ = 0;
};

}  // namespace parley::transport::socket
