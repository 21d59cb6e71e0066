#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>

#include <parley/os/clock.hpp>

namespace parley::transport::datagram {

/// How many messages a sender may send, and when to ask whether it may send more. `Window` is 0 where nobody counts.
///
/// Messages are numbered modulo 2^32. An answer that does not come is asked for again, each time after twice as long:
/// a receiver that makes no calls for a long time does not find its buffer full of questions. `KeepsAsking`: where no
/// question is ever asked beside an unread one, and where it is also how a receiver's death shows, it does not grow
/// longer than a look around may take.
template <std::uint32_t Window, bool KeepsAsking>
class allowance {
public:
    [[nodiscard]] bool used_up() const noexcept { return Window != 0 && sent_ - granted_ >= Window; }
    [[nodiscard]] std::uint32_t sent() const noexcept { return sent_; }

    void count_one() noexcept { ++sent_; }

    /// The receiver says that so many have been received; not less than before, and not what was never sent.
    void grant(std::uint32_t count) noexcept {
        if (sent_ - count < sent_ - granted_) {
            granted_ = count;
        }
    }

    /// Whether it is time for a question. The first is due a while after the first call.
    [[nodiscard]] bool time_to_ask() noexcept {
        const auto now = os::clock::now();
        if (next_ == os::clock::time_point{}) {
            next_ = now + first;
            return false;
        }
        if (now < next_) {
            return false;
        }
        gap_ = KeepsAsking ? std::min<os::clock::duration>(2 * gap_, os::look_around_interval) : 2 * gap_;
        next_ = now + gap_;
        return true;
    }

    void answered() noexcept {
        next_ = {};
        gap_ = first;
    }

    /// How long a sleeper sleeps at most.
    [[nodiscard]] os::clock::duration until_question() const noexcept {
        if (next_ == os::clock::time_point{}) {
            return os::look_around_interval;
        }
        return std::clamp<os::clock::duration>(next_ - os::clock::now(), std::chrono::milliseconds(1),
                                               os::look_around_interval);
    }

private:
    static constexpr os::clock::duration first = std::chrono::milliseconds(5);

    std::uint32_t sent_ = 0;
    std::uint32_t granted_ = 0;
    os::clock::time_point next_{};  ///< when to ask; none where nothing is missing
    os::clock::duration gap_ = first;
};

}  // namespace parley::transport::datagram
