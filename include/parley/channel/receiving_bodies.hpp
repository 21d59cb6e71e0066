#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

#include <parley/channel/options.hpp>
#include <parley/channel/progress.hpp>
#include <parley/channel/round.hpp>
#include <parley/os/error.hpp>
#include <parley/os/smaller.hpp>

namespace parley::rounds_detail {

/// All the ways to receive a body in rounds: the public interface of the other half of `rounds`.
template <class Derived, class Link, bool Waits>
class receiving_bodies {
public:
    /// Receives a body and gives it to `sink(part, progress)` part by part, each where it lies, with how far the body
    /// is with this part: a body begins where `done` is the part's own size. An empty body is one empty part. Returns
    /// after the last part.
    /// Throws as `link::receive`, `errc::incomplete`, `errc::corrupt`, and what `sink` throws: then the rest of the
    /// body is passed over when the next one is received.
    template <part_sink Sink>
    void receive(Sink sink) requires Waits {
        static_cast<void>(receive_by(patience::endless(), sink, false));
    }
    /// The twin that reports through `code`. Whether a whole body came.
    template <part_sink Sink>
    bool receive(Sink sink, std::error_code& code) noexcept requires Waits {
        return channel_detail::reported(code, [&] { return receive_by(patience::endless(), sink, false); });
    }
    /// Receives a body into memory, which is taken as it comes: what a peer promises and does not send costs nothing.
    [[nodiscard]] std::vector<std::byte> receive() requires Waits { return std::move(*collect(patience::endless())); }
    /// The twin that reports through `code`. None if that fails.
    [[nodiscard]] std::optional<std::vector<std::byte>> receive(std::error_code& code) noexcept requires Waits {
        return channel_detail::reported(code, [&] { return collect(patience::endless()); });
    }

    /// Receives a body, and waits at most for `duration` for any one round. Whether the body is whole; if not, nothing
    /// is lost: call again, and it goes on where it was.
    template <part_sink Sink, class Rep, class Period>
    [[nodiscard]] bool receive_for(Sink sink, std::chrono::duration<Rep, Period> duration) requires Waits {
        return receive_by(patience::for_each(duration), sink, false);
    }
    /// The twin that reports through `code`.
    template <part_sink Sink, class Rep, class Period>
    [[nodiscard]] bool receive_for(Sink sink, std::chrono::duration<Rep, Period> duration,
                                   std::error_code& code) noexcept requires Waits {
        return channel_detail::reported(code, [&] { return receive_by(patience::for_each(duration), sink, false); });
    }
    /// The same into memory.
    template <class Rep, class Period>
    [[nodiscard]] std::optional<std::vector<std::byte>> receive_for(
        std::chrono::duration<Rep, Period> duration) requires Waits {
        return collect(patience::for_each(duration));
    }
    /// The twin that reports through `code`.
    template <class Rep, class Period>
    [[nodiscard]] std::optional<std::vector<std::byte>> receive_for(std::chrono::duration<Rep, Period> duration,
                                                                    std::error_code& code) noexcept requires Waits {
        return channel_detail::reported(code, [&] { return collect(patience::for_each(duration)); });
    }

    /// Receives a body at the latest until `when`, by any clock. Whether it is whole; if not, call again to go on.
    template <part_sink Sink, class Clock, class Duration>
    [[nodiscard]] bool receive_until(Sink sink, std::chrono::time_point<Clock, Duration> when) requires Waits {
        return receive_by(patience::until(when), sink, false);
    }
    /// The twin that reports through `code`.
    template <part_sink Sink, class Clock, class Duration>
    [[nodiscard]] bool receive_until(Sink sink, std::chrono::time_point<Clock, Duration> when,
                                     std::error_code& code) noexcept requires Waits {
        return channel_detail::reported(code, [&] { return receive_by(patience::until(when), sink, false); });
    }
    /// The same into memory.
    template <class Clock, class Duration>
    [[nodiscard]] std::optional<std::vector<std::byte>> receive_until(
        std::chrono::time_point<Clock, Duration> when) requires Waits {
        return collect(patience::until(when));
    }
    /// The twin that reports through `code`.
    template <class Clock, class Duration>
    [[nodiscard]] std::optional<std::vector<std::byte>> receive_until(std::chrono::time_point<Clock, Duration> when,
                                                                      std::error_code& code) noexcept requires Waits {
        return channel_detail::reported(code, [&] { return collect(patience::until(when)); });
    }

    /// Receives what rounds are there, some thousands at most, up to the end of a body. Whether it is whole; if not,
    /// call again to go on.
    template <part_sink Sink>
    [[nodiscard]] bool try_receive(Sink sink) {
        return receive_by(std::nullopt, sink, false);
    }
    /// The twin that reports through `code`.
    template <part_sink Sink>
    [[nodiscard]] bool try_receive(Sink sink, std::error_code& code) noexcept {
        return channel_detail::reported(code, [&] { return receive_by(std::nullopt, sink, false); });
    }
    /// The same into memory.
    [[nodiscard]] std::optional<std::vector<std::byte>> try_receive() { return collect(std::nullopt); }
    /// The twin that reports through `code`.
    [[nodiscard]] std::optional<std::vector<std::byte>> try_receive(std::error_code& code) noexcept {
        return channel_detail::reported(code, [&] { return collect(std::nullopt); });
    }

    /// How far the body is of which the last part came: where a call waited in vain, whether anything has moved.
    [[nodiscard]] progress received() const noexcept { return received_; }

private:
    static constexpr unsigned most_at_once = 4096;

    /// A body of which the beginning has come.
    struct incoming {
        std::uint32_t body;
        bool collected;
    };

    /// Into memory.
    [[nodiscard]] std::optional<std::vector<std::byte>> collect(std::optional<patience> limit) {
        const auto append = [&](std::span<const std::byte> part, progress at) {
            if (at.done == part.size()) {
                collected_.clear();
            }
            if (const auto needed = collected_.size() + part.size(); needed > collected_.capacity()) {
                collected_.reserve(os::smaller<std::uint64_t>(at.total, os::larger(needed, 2 * collected_.size())));
            }
            collected_.insert(collected_.end(), part.begin(), part.end());
        };
        if (!receive_by(limit, append, true)) {
            return std::nullopt;
        }
        return std::exchange(collected_, {});
    }

    /// No limit at all: attempts only, and not for ever, however fast the sender is.
    template <class Sink>
    [[nodiscard]] bool receive_by(std::optional<patience> limit, Sink& sink, bool collecting) {
        if (under_way_ && under_way_->collected != collecting) {
            throw_error(errc::bad_state, "the beginning of this body was received " +
                                             std::string(collecting ? "by a sink" : "into memory") +
                                             ": go on with the same kind of call until it is whole");
        }
        try {
            auto rounds_left = most_at_once;
            do {
                const auto kept = std::exchange(first_of_next_, std::nullopt);
                if (!kept && !has_round(limit)) {
                    return false;
                }
                if (const auto part = expected_part(kept ? std::span(*kept) : reader_.content(), collecting)) {
                    sink(*part, received_);
                    if (received_.done == received_.total) {
                        under_way_.reset();
                        reader_.release();
                        return true;
                    }
                }
                reader_.release();
            } while (limit ? !limit->is_over() : --rounds_left != 0);
            return false;
        } catch (...) {
            give_up();
            throw;
        }
    }

    /// Whether the next round is in hand.
    [[nodiscard]] bool has_round(const std::optional<patience>& limit) {
        auto& link = static_cast<Derived&>(*this).link();
        if constexpr (Waits) {
            if (limit) {
                const auto until = limit->next();
                while (!reader_.wait(link, until)) {
                    if (!until.is_never()) {
                        return false;
                    }
                }
                return true;
            }
        }
        return reader_.attempt(link);
    }

    /// The part in a message if it is what comes next; none if it is passed over.
    [[nodiscard]] std::optional<std::span<const std::byte>> expected_part(std::span<const std::byte> content,
                                                                          bool collecting) {
        const auto found = read_round(content);
        if (!found) {
            throw_error(errc::corrupt, "a message of " + std::to_string(content.size()) +
                                           " bytes came that is no round, where " + expectation() +
                                           " was expected; both sides of the link are to send by parley::rounds");
        }
        const auto& at = found->header;
        if (at.kind == round_kind::broken_off) {
            if (under_way_ && under_way_->body == at.body) {
                throw_error(errc::incomplete, "the sender gave the body up: " + so_far());
            }
            return std::nullopt;  // nothing of it is here, or it has been told of
        }
        const bool begins = at.offset == 0;
        if (begins && under_way_) {
            first_of_next_.emplace(content.begin(), content.end());
            throw_error(errc::incomplete,
                        "another body begins, whose sender gave the last one up or has taken the place of one that "
                        "died: " +
                            so_far() + "; receive again for the new one");
        }
        if (!begins && !under_way_) {
            if (passed_over_ == at.body) {
                return std::nullopt;
            }
            passed_over_ = at.body;
            throw_error(errc::incomplete, "a part at byte " + std::to_string(at.offset) + " of a body of " +
                                              std::to_string(at.total) +
                                              " came whose beginning did not come here; the rest of it is passed over");
        }
        const bool plausible = at.offset <= at.total && found->part.size() <= at.total - at.offset &&
                               found->part.empty() == (at.total == 0);
        if (!plausible ||
            (!begins && (at.body != under_way_->body || at.offset != received_.done || at.total != received_.total))) {
            throw_error(errc::corrupt, "a part of " + std::to_string(found->part.size()) + " bytes at byte " +
                                           std::to_string(at.offset) + " of body " + std::to_string(at.body) + " of " +
                                           std::to_string(at.total) + " bytes came, where " + expectation() +
                                           " was expected");
        }
        if (begins) {
            under_way_ = incoming{.body = at.body, .collected = collecting};
            passed_over_.reset();
        }
        received_ = {.done = at.offset + found->part.size(), .total = at.total};
        return found->part;
    }

    [[nodiscard]] std::string so_far() const {
        return std::to_string(received_.done) + " of " + std::to_string(received_.total) + " bytes had come";
    }

    [[nodiscard]] std::string expectation() const {
        return under_way_ ? "byte " + std::to_string(received_.done) + " of body " + std::to_string(under_way_->body) +
                                " of " + std::to_string(received_.total) + " bytes"
                          : "the beginning of a body";
    }

    /// What comes of the body under way is passed over.
    void give_up() noexcept {
        std::exchange(collected_, {});
        if (under_way_) {
            passed_over_ = under_way_->body;
            under_way_.reset();
        }
        reader_.release();
    }

    round_reader<Link> reader_;
    progress received_;
    std::optional<incoming> under_way_;
    std::optional<std::uint32_t> passed_over_;
    std::vector<std::byte> collected_;
    std::optional<std::vector<std::byte>> first_of_next_;  // a message that came with an error about the last body
};

}  // namespace parley::rounds_detail
