#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <system_error>

#include <parley/channel/options.hpp>
#include <parley/channel/progress.hpp>
#include <parley/channel/round.hpp>
#include <parley/os/random.hpp>
#include <parley/os/smaller.hpp>

namespace parley::rounds_detail {

/// All the ways to send a body in rounds: the public interface of one half of `rounds`. `Derived::link()` gives the
/// link.
template <class Derived, class Link>
class sending_bodies {
public:
    /// Bytes of a body that one round carries: what a message holds, less the header.
    static constexpr std::size_t largest_part = round_writer<Link>::largest_part;

    /// Sends a body, and shows the progress after each round. Returns when the link has accepted the last one.
    /// Throws as `link::send`, and what `observer` throws; then the body is given up, unless all of it was sent.
    template <progress_observer Observer = unobserved>
    void send(std::span<const std::byte> body, Observer observer = {}) {
        static_cast<void>(send_all(patience::endless(), body, observer));
    }
    /// The twin that reports through `code`. Whether the body was sent.
    bool send(std::span<const std::byte> body, std::error_code& code) noexcept {
        return send(body, unobserved{}, code);
    }
    /// The same with an observer.
    template <progress_observer Observer>
    bool send(std::span<const std::byte> body, Observer observer, std::error_code& code) noexcept {
        return channel_detail::reported(code, [&] { return send_all(patience::endless(), body, observer); });
    }

    /// Sends a body of `total` bytes that `source(room, progress)` writes part by part, each where it travels: it fills
    /// all of `room`, which begins at byte `progress.done` of the body. So a body need not be in memory. What it throws
    /// ends the call, and the body is given up.
    template <part_source Source>
    void send(std::uint64_t total, Source source) {
        static_cast<void>(send_from(patience::endless(), total, source));
    }
    /// The twin that reports through `code`. Whether the body was sent.
    template <part_source Source>
    bool send(std::uint64_t total, Source source, std::error_code& code) noexcept {
        return channel_detail::reported(code, [&] { return send_from(patience::endless(), total, source); });
    }

    /// Sends a body, and waits at most for `duration` for the room of any one round. Whether all of it was sent; if
    /// not, the body is given up, which its receiver learns when the next one comes, if not before.
    template <class Rep, class Period, progress_observer Observer = unobserved>
    [[nodiscard]] bool send_for(std::span<const std::byte> body, std::chrono::duration<Rep, Period> duration,
                                Observer observer = {}) {
        return send_all(patience::for_each(duration), body, observer);
    }
    /// The twin that reports through `code`.
    template <class Rep, class Period>
    [[nodiscard]] bool send_for(std::span<const std::byte> body, std::chrono::duration<Rep, Period> duration,
                                std::error_code& code) noexcept {
        return send_for(body, duration, unobserved{}, code);
    }
    /// The same with an observer.
    template <class Rep, class Period, progress_observer Observer>
    [[nodiscard]] bool send_for(std::span<const std::byte> body, std::chrono::duration<Rep, Period> duration,
                                Observer observer, std::error_code& code) noexcept {
        return channel_detail::reported(code, [&] { return send_all(patience::for_each(duration), body, observer); });
    }
    /// The same from a source.
    template <part_source Source, class Rep, class Period>
    [[nodiscard]] bool send_for(std::uint64_t total, Source source, std::chrono::duration<Rep, Period> duration) {
        return send_from(patience::for_each(duration), total, source);
    }
    /// The twin that reports through `code`.
    template <part_source Source, class Rep, class Period>
    [[nodiscard]] bool send_for(std::uint64_t total, Source source, std::chrono::duration<Rep, Period> duration,
                                std::error_code& code) noexcept {
        return channel_detail::reported(code, [&] { return send_from(patience::for_each(duration), total, source); });
    }

    /// Sends a body at the latest until `when`, by any clock. Whether all of it was sent; if not, it is given up.
    template <class Clock, class Duration, progress_observer Observer = unobserved>
    [[nodiscard]] bool send_until(std::span<const std::byte> body, std::chrono::time_point<Clock, Duration> when,
                                  Observer observer = {}) {
        return send_all(patience::until(when), body, observer);
    }
    /// The twin that reports through `code`.
    template <class Clock, class Duration>
    [[nodiscard]] bool send_until(std::span<const std::byte> body, std::chrono::time_point<Clock, Duration> when,
                                  std::error_code& code) noexcept {
        return send_until(body, when, unobserved{}, code);
    }
    /// The same with an observer.
    template <class Clock, class Duration, progress_observer Observer>
    [[nodiscard]] bool send_until(std::span<const std::byte> body, std::chrono::time_point<Clock, Duration> when,
                                  Observer observer, std::error_code& code) noexcept {
        return channel_detail::reported(code, [&] { return send_all(patience::until(when), body, observer); });
    }
    /// The same from a source.
    template <part_source Source, class Clock, class Duration>
    [[nodiscard]] bool send_until(std::uint64_t total, Source source, std::chrono::time_point<Clock, Duration> when) {
        return send_from(patience::until(when), total, source);
    }
    /// The twin that reports through `code`.
    template <part_source Source, class Clock, class Duration>
    [[nodiscard]] bool send_until(std::uint64_t total, Source source, std::chrono::time_point<Clock, Duration> when,
                                  std::error_code& code) noexcept {
        return channel_detail::reported(code, [&] { return send_from(patience::until(when), total, source); });
    }

private:
    template <class Observer>
    [[nodiscard]] bool send_all(const patience& limit, std::span<const std::byte> body, Observer& observer) {
        const auto copy_part = [&](std::span<std::byte> room, progress at) {
            std::memcpy(room.data(), body.data() + at.done, room.size());
        };
        return send_rounds(limit, body.size(), copy_part, observer);
    }

    template <class Source>
    [[nodiscard]] bool send_from(const patience& limit, std::uint64_t total, Source& source) {
        return send_rounds(limit, total, source, unobserved{});
    }

    template <class Source, class Observer>
    [[nodiscard]] bool send_rounds(const patience& limit, std::uint64_t total, Source&& source, Observer&& observer) {
        auto& link = static_cast<Derived&>(*this).link();
        // Whichever way this is left before the last round has gone, the receiver is told if there is room for that.
        struct passage {
            sending_bodies& self;
            Link& link;
            round_header at;
            ~passage() {
                if (at.offset != 0 && at.offset != at.total) {
                    at.kind = round_kind::broken_off;
                    self.writer_.try_write(link, at);
                }
            }
        } on_the_way{*this, link, {.kind = round_kind::part, .body = next_body_++, .offset = 0, .total = total}};
        auto& at = on_the_way.at;
        do {
            const auto size = static_cast<std::size_t>(os::smaller<std::uint64_t>(total - at.offset, largest_part));
            const auto fill = [&](std::span<std::byte> room) { source(room, progress{at.offset, total}); };
            if (!writer_.write(link, at, size, fill, limit.next())) {
                return false;
            }
            at.offset += size;
            observer(progress{at.offset, total});
        } while (at.offset < total && !limit.is_over());
        return at.offset == total;
    }

    round_writer<Link> writer_;
    std::uint32_t next_body_ = os::random_number<std::uint32_t>();  // so that a successor's bodies have other numbers
};

}  // namespace parley::rounds_detail
