#pragma once

#include <chrono>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

#include <parley/os/clock.hpp>

/// What a program hears of a body that travels in rounds, and what it says of how long a call may wait.

namespace parley {

/// How far a body is on its way.
struct progress {
    std::uint64_t done = 0;   ///< bytes sent or received so far, from the first one on
    std::uint64_t total = 0;  ///< bytes of the whole body, as its sender says
};

/// What `rounds` shows its progress to, after each round.
template <class Observer>
concept progress_observer = std::invocable<Observer&, progress>;

/// What writes a body part by part: all of the room, which begins at `done`.
template <class Source>
concept part_source = std::invocable<Source&, std::span<std::byte>, progress>;

/// What a body is given to part by part: the part, which ends at `done`.
template <class Sink>
concept part_sink = std::invocable<Sink&, std::span<const std::byte>, progress>;

namespace rounds_detail {

/// How long a call waits: for each round, or altogether.
class patience {
public:
    [[nodiscard]] static patience endless() noexcept { return {}; }
    template <class Rep, class Period>
    [[nodiscard]] static patience for_each(std::chrono::duration<Rep, Period> duration) noexcept {
        patience result;
        // A duration that is too long for the clock is the longest that it has.
        using seconds = std::chrono::duration<double>;
        result.each_ = duration <= duration.zero() ? os::clock::duration::zero()
                       : seconds(duration) >= seconds(os::clock::duration::max())
                           ? os::clock::duration::max()
                           : std::chrono::duration_cast<os::clock::duration>(duration);
        return result;
    }
    template <class Clock, class Duration>
    [[nodiscard]] static patience until(std::chrono::time_point<Clock, Duration> when) noexcept {
        patience result;
        result.whole_ = os::deadline::until(when);
        return result;
    }

    [[nodiscard]] os::deadline next() const noexcept { return each_ ? os::deadline::after(*each_) : whole_; }
    [[nodiscard]] bool is_over() const noexcept { return whole_.passed(); }

private:
    patience() noexcept = default;
    std::optional<os::clock::duration> each_;
    os::deadline whole_ = os::deadline::never();
};

/// Where nobody looks at the progress.
struct unobserved {
    void operator()(progress) const noexcept {}
};

}  // namespace rounds_detail
}  // namespace parley
