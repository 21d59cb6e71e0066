#pragma once

#include <chrono>
#include <type_traits>

namespace parley::os {

/// Deadlines are kept on the steady clock, which no one sets.
using clock = std::chrono::steady_clock;

/// When to give up waiting: a point on the steady clock, or never.
class deadline {
public:
    [[nodiscard]] static constexpr deadline never() noexcept { return deadline{clock::time_point::max()}; }
    [[nodiscard]] static constexpr deadline at(clock::time_point when) noexcept { return deadline{when}; }

    /// `duration` from now; a duration too long for the clock means never, a negative one means now.
    template <class Rep, class Period>
    [[nodiscard]] static deadline after(std::chrono::duration<Rep, Period> duration) noexcept {
        using seconds = std::chrono::duration<double>;
        const auto now = clock::now();
        if (duration <= duration.zero()) {
            return deadline{now};
        }
        if (seconds(duration) >= seconds(clock::time_point::max() - now)) {
            return never();
        }
        return deadline{now + std::chrono::duration_cast<clock::duration>(duration)};
    }

    /// A point on any clock, translated to the steady one at the time of the call. One so far away that no clock could
    /// say how far means never, or has passed.
    template <class Clock, class Duration>
    [[nodiscard]] static deadline until(std::chrono::time_point<Clock, Duration> when) noexcept {
        using seconds = std::chrono::duration<double>;
        constexpr seconds century = std::chrono::hours(24 * 365 * 100);
        const auto now = Clock::now();
        const auto distance = seconds(when.time_since_epoch()) - seconds(now.time_since_epoch());
        if (distance >= century) {
            return never();
        }
        if (distance <= -century) {
            return deadline{clock::now()};
        }
        if constexpr (std::is_same_v<Clock, clock>) {
            return deadline{std::chrono::time_point_cast<clock::duration>(when)};
        } else {
            return after(when - now);
        }
    }

    [[nodiscard]] bool is_never() const noexcept { return when_ == clock::time_point::max(); }
    [[nodiscard]] bool passed() const noexcept { return !is_never() && clock::now() >= when_; }

    /// The time left, at most `limit`, at least zero.
    [[nodiscard]] clock::duration left(clock::duration limit) const noexcept {
        if (is_never()) {
            return limit;
        }
        const auto left = when_ - clock::now();
        constexpr auto nothing = clock::duration::zero();
        return left < nothing ? nothing : left < limit ? left : limit;
    }

private:
    constexpr explicit deadline(clock::time_point when) noexcept : when_(when) {}
    clock::time_point when_;
};

/// How long a sleeper sleeps at most before it looks around: for a waker that was killed on its way, for a peer that
/// died, for a channel that was removed. Half of the 200 ms within which a peer's death is reported.
inline constexpr clock::duration look_around_interval = std::chrono::milliseconds(100);

/// The loop of every call that waits: attempts and waits in turn until an attempt succeeds or `wait` says that the
/// deadline has passed. Returns what the last attempt returned.
///
/// A wait that ends as the deadline passes is followed by one more attempt, since a wake that came to this process came
/// to nobody else. It is the last: where a hostile peer has written garbage, each wait may end at once with the word
/// that an attempt might succeed, and that must not keep a call beyond its deadline.
template <class Attempt, class Wait>
auto keep_trying(deadline until, Attempt attempt, Wait wait) -> decltype(attempt()) {
    for (;;) {
        auto result = attempt();
        if (result || !wait()) {
            return result;
        }
        if (until.passed()) {
            return attempt();
        }
    }
}

}  // namespace parley::os
