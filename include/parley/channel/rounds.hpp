#pragma once

#include <chrono>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <optional>
#include <span>
#include <string>
#include <system_error>
#include <type_traits>
#include <utility>
#include <vector>

#include <parley/addressing/direct.hpp>
#include <parley/channel/endpoint.hpp>
#include <parley/channel/options.hpp>
#include <parley/channel/round.hpp>
#include <parley/compose/questions.hpp>
#include <parley/message/bytes.hpp>
#include <parley/message/kind.hpp>
#include <parley/os/clock.hpp>
#include <parley/os/error.hpp>
#include <parley/os/random.hpp>
#include <parley/os/smaller.hpp>

/// Bodies larger than the largest message: they travel in rounds, one message each, over a link, which has one sender
/// and keeps the order. The link stays a link of messages; that some of them are rounds is between the two who use it.

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

/// What a channel must be to carry rounds.
template <class C>
struct requirements {
    static constexpr bool by_link = C::addressing::pairwise;
    static constexpr bool of_bytes = message::byte_string<typename C::message>;
    static constexpr bool has_room = [] {
        if constexpr (of_bytes) {
            return C::message::max_size > header_size;
        } else {
            return true;
        }
    }();
    static constexpr bool keeps_all = compose::questions::can<C>.lossless && compose::questions::can<C>.ordered;
    static constexpr bool sender_waits = C::synchronization::sender_side::waits;
    static constexpr bool all = by_link && of_bytes && has_room && keeps_all && sender_waits;
};

/// Says what to write instead.
template <class C>
struct sentences {
    using must = requirements<C>;
    static_assert(must::by_link,
                  "parley: a body travels in rounds over a link, and a mailbox or a port may have many senders, whose "
                  "rounds would mix: write direct, and parley::rounds{me.link(peer)}");
    static_assert(must::of_bytes,
                  "parley: a round is a message of variable size: write parley::bytes<Max> for the channel's message");
    static_assert(must::has_room,
                  "parley: a round has a header of 24 bytes and needs room for a part beside it: write "
                  "parley::bytes<Max> with 25 or more, and rather some thousands");
    static_assert(must::keeps_all || !must::by_link,
                  "parley: this transport may lose messages, and a body in rounds needs each of them: write tcp");
    static_assert(must::sender_waits,
                  "parley: a body in rounds waits for room again and again: write blocking for the sending side, as in "
                  "sync<blocking, nonblocking>");
};

/// The link, or what stands in for it after a sentence has been said, so that nothing else is said.
template <class C>
using link_of = typename std::conditional_t<requirements<C>::all, std::type_identity<link<C>>,
                                            std::type_identity<link<channel<bytes<64>, direct>>>>::type;

/// How long a call waits: for each round, or altogether.
class patience {
public:
    [[nodiscard]] static patience endless() noexcept { return {}; }
    template <class Rep, class Period>
    [[nodiscard]] static patience for_each(std::chrono::duration<Rep, Period> duration) noexcept {
        patience result;
        // A duration that is too long for the clock is the longest that it has.
        using seconds = std::chrono::duration<double>;
        result.each_ = seconds(duration) >= seconds(os::clock::duration::max())
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

/// Sends and receives bodies of any size over a link, in rounds: each is one message with a part of the body, behind a
/// header of 24 bytes. Over memory, and with `map`, parts are written and read where they lie in the link.
///
/// `parley::rounds to_bob{me.link("bob")};` then `to_bob.send(body)`; the other side `from_alice.receive()`. Both sides
/// use `rounds`. Keep it for as long as the link: it knows which body is under way. One thread at a time may use it.
///
/// A body that cannot become whole is an error of the receiver, and the next body comes whole: `errc::peer_died` or
/// `errc::closed` as of the link, `errc::incomplete` where its sender gave it up or another process has taken that
/// sender's place, `errc::corrupt` where a message is no round that could come next. A body whose receiver gives it up,
/// because its sink throws, is passed over by the next call.
template <class C>
class rounds {
    static_assert(sizeof(rounds_detail::sentences<C>) > 0);

    using link_type = rounds_detail::link_of<C>;
    using patience = rounds_detail::patience;
    static constexpr bool receiver_waits = C::synchronization::receiver_side::waits;

public:
    using channel_type = C;  ///< the channel

    /// Bytes of a body that one round carries: what a message holds, less the header.
    static constexpr std::size_t largest_part = rounds_detail::round_writer<link_type>::largest_part;

    /// Takes the link over.
    explicit rounds(link_type over) : link_(std::move(over)), next_body_(os::random_number<std::uint32_t>()) {}

    /// For what follows a sentence that says what to write.
    template <class Anything>
        requires(!rounds_detail::requirements<C>::all)
    explicit rounds(const Anything&);

    /// The link, for `native_handle` and for messages between bodies.
    [[nodiscard]] link_type& link() noexcept { return link_; }

    /// Sends a body, and shows the progress after each round. Returns when the link has accepted the last one.
    /// Throws as `link::send`, and what `observer` throws; then the body is given up.
    template <progress_observer Observer = rounds_detail::unobserved>
    void send(std::span<const std::byte> body, Observer observer = {}) {
        static_cast<void>(send_all(patience::endless(), body, observer));
    }
    /// The twin that reports through `code`. Whether the body was sent.
    bool send(std::span<const std::byte> body, std::error_code& code) noexcept {
        return send(body, rounds_detail::unobserved{}, code);
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
    template <class Rep, class Period, progress_observer Observer = rounds_detail::unobserved>
    [[nodiscard]] bool send_for(std::span<const std::byte> body, std::chrono::duration<Rep, Period> duration,
                                Observer observer = {}) {
        return send_all(patience::for_each(duration), body, observer);
    }
    /// The twin that reports through `code`.
    template <class Rep, class Period>
    [[nodiscard]] bool send_for(std::span<const std::byte> body, std::chrono::duration<Rep, Period> duration,
                                std::error_code& code) noexcept {
        return send_for(body, duration, rounds_detail::unobserved{}, code);
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
    template <class Clock, class Duration, progress_observer Observer = rounds_detail::unobserved>
    [[nodiscard]] bool send_until(std::span<const std::byte> body, std::chrono::time_point<Clock, Duration> when,
                                  Observer observer = {}) {
        return send_all(patience::until(when), body, observer);
    }
    /// The twin that reports through `code`.
    template <class Clock, class Duration>
    [[nodiscard]] bool send_until(std::span<const std::byte> body, std::chrono::time_point<Clock, Duration> when,
                                  std::error_code& code) noexcept {
        return send_until(body, when, rounds_detail::unobserved{}, code);
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

    /// Receives a body and gives it to `sink(part, progress)` part by part, each where it lies, with how far the body
    /// is with this part: a body begins where `done` is the part's own size. An empty body is one empty part. Returns
    /// after the last part.
    /// Throws as `link::receive`, `errc::incomplete`, `errc::corrupt`, and what `sink` throws: then the rest of the
    /// body is passed over when the next one is received.
    template <part_sink Sink>
    void receive(Sink sink) requires receiver_waits {
        static_cast<void>(receive_by(patience::endless(), sink, false));
    }
    /// The twin that reports through `code`. Whether a whole body came.
    template <part_sink Sink>
    bool receive(Sink sink, std::error_code& code) noexcept requires receiver_waits {
        return channel_detail::reported(code, [&] { return receive_by(patience::endless(), sink, false); });
    }
    /// Receives a body into memory, which is taken as it comes: what a peer promises and does not send costs nothing.
    [[nodiscard]] std::vector<std::byte> receive() requires receiver_waits {
        return std::move(*collect(patience::endless()));
    }
    /// The twin that reports through `code`. None if that fails.
    [[nodiscard]] std::optional<std::vector<std::byte>> receive(std::error_code& code) noexcept requires
        receiver_waits {
        return channel_detail::reported(code, [&] { return collect(patience::endless()); });
    }

    /// Receives a body, and waits at most for `duration` for any one round. Whether the body is whole; if not, nothing
    /// is lost: call again, and it goes on where it was.
    template <part_sink Sink, class Rep, class Period>
    [[nodiscard]] bool receive_for(Sink sink, std::chrono::duration<Rep, Period> duration) requires receiver_waits {
        return receive_by(patience::for_each(duration), sink, false);
    }
    /// The twin that reports through `code`.
    template <part_sink Sink, class Rep, class Period>
    [[nodiscard]] bool receive_for(Sink sink, std::chrono::duration<Rep, Period> duration,
                                   std::error_code& code) noexcept requires receiver_waits {
        return channel_detail::reported(code, [&] { return receive_by(patience::for_each(duration), sink, false); });
    }
    /// The same into memory.
    template <class Rep, class Period>
    [[nodiscard]] std::optional<std::vector<std::byte>> receive_for(
        std::chrono::duration<Rep, Period> duration) requires receiver_waits {
        return collect(patience::for_each(duration));
    }
    /// The twin that reports through `code`.
    template <class Rep, class Period>
    [[nodiscard]] std::optional<std::vector<std::byte>> receive_for(
        std::chrono::duration<Rep, Period> duration, std::error_code& code) noexcept requires receiver_waits {
        return channel_detail::reported(code, [&] { return collect(patience::for_each(duration)); });
    }

    /// Receives a body at the latest until `when`, by any clock. Whether it is whole; if not, call again to go on.
    template <part_sink Sink, class Clock, class Duration>
    [[nodiscard]] bool receive_until(Sink sink, std::chrono::time_point<Clock, Duration> when) requires receiver_waits {
        return receive_by(patience::until(when), sink, false);
    }
    /// The twin that reports through `code`.
    template <part_sink Sink, class Clock, class Duration>
    [[nodiscard]] bool receive_until(Sink sink, std::chrono::time_point<Clock, Duration> when,
                                     std::error_code& code) noexcept requires receiver_waits {
        return channel_detail::reported(code, [&] { return receive_by(patience::until(when), sink, false); });
    }
    /// The same into memory.
    template <class Clock, class Duration>
    [[nodiscard]] std::optional<std::vector<std::byte>> receive_until(
        std::chrono::time_point<Clock, Duration> when) requires receiver_waits {
        return collect(patience::until(when));
    }
    /// The twin that reports through `code`.
    template <class Clock, class Duration>
    [[nodiscard]] std::optional<std::vector<std::byte>> receive_until(
        std::chrono::time_point<Clock, Duration> when, std::error_code& code) noexcept requires receiver_waits {
        return channel_detail::reported(code, [&] { return collect(patience::until(when)); });
    }

    /// Receives what rounds are there, up to the end of a body. Whether it is whole; if not, call again to go on.
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
    using header = rounds_detail::round_header;
    using kind = rounds_detail::round_kind;

    /// A body of which the beginning has come.
    struct incoming {
        std::uint32_t body;
        bool collected;
    };

    template <class Observer>
    [[nodiscard]] bool send_all(const patience& limit, std::span<const std::byte> body, Observer& observer) {
        const auto copy_part = [&](std::span<std::byte> room, progress at) {
            std::memcpy(room.data(), body.data() + at.done, room.size());
        };
        return send_rounds(limit, body.size(), copy_part, observer);
    }

    template <class Source>
    [[nodiscard]] bool send_from(const patience& limit, std::uint64_t total, Source& source) {
        return send_rounds(limit, total, source, rounds_detail::unobserved{});
    }

    template <class Source, class Observer>
    [[nodiscard]] bool send_rounds(const patience& limit, std::uint64_t total, Source&& source, Observer&& observer) {
        // Whichever way this is left before the last round has gone, the receiver is told if there is room for that.
        struct passage {
            rounds& self;
            header at;
            ~passage() {
                if (at.offset != 0 && at.offset != at.total) {
                    at.kind = kind::broken_off;
                    self.writer_.try_write(self.link_, at);
                }
            }
        } on_the_way{*this, {.kind = kind::part, .body = next_body_++, .offset = 0, .total = total}};
        auto& at = on_the_way.at;
        do {
            const auto size = static_cast<std::size_t>(os::smaller<std::uint64_t>(total - at.offset, largest_part));
            const auto fill = [&](std::span<std::byte> room) { source(room, progress{at.offset, total}); };
            if (!writer_.write(link_, at, size, fill, limit.next())) {
                return false;
            }
            at.offset += size;
            observer(progress{at.offset, total});
        } while (at.offset < total && !limit.is_over());
        return at.offset == total;
    }

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

    /// No limit at all: attempts only.
    template <class Sink>
    [[nodiscard]] bool receive_by(std::optional<patience> limit, Sink& sink, bool collecting) {
        if (under_way_ && under_way_->collected != collecting) {
            throw_error(errc::bad_state, "the beginning of this body was received " +
                                             std::string(collecting ? "by a sink" : "into memory") +
                                             ": go on with the same kind of call until it is whole");
        }
        try {
            do {
                if (!has_round(limit)) {
                    return false;
                }
                if (const auto part = expected_part(collecting)) {
                    sink(*part, received_);
                    reader_.release();
                    if (received_.done == received_.total) {
                        under_way_.reset();
                        return true;
                    }
                }
            } while (!limit || !limit->is_over());
            return false;
        } catch (...) {
            give_up();
            throw;
        }
    }

    /// Whether there is a round in hand: one that was looked at too early, or the next.
    [[nodiscard]] bool has_round(const std::optional<patience>& limit) {
        if (std::exchange(look_again_, false)) {
            return true;
        }
        if constexpr (receiver_waits) {
            if (limit) {
                const auto until = limit->next();
                while (!reader_.wait(link_, until)) {
                    if (!until.is_never()) {
                        return false;
                    }
                }
                return true;
            }
        }
        return reader_.attempt(link_);
    }

    /// The part in hand if it is what comes next; none if it is passed over.
    [[nodiscard]] std::optional<std::span<const std::byte>> expected_part(bool collecting) {
        const auto content = reader_.content();
        const auto found = rounds_detail::read_round(content);
        if (!found) {
            throw_error(errc::corrupt, "a message of " + std::to_string(content.size()) +
                                           " bytes came that is no round, where " + expectation() +
                                           " was expected; both sides of the link are to send by parley::rounds");
        }
        const auto& at = found->header;
        if (at.kind == kind::broken_off) {
            if (under_way_ && under_way_->body == at.body) {
                throw_error(errc::incomplete, "the sender gave the body up: " + so_far());
            }
            return std::nullopt;  // nothing of it is here, or it has been told of
        }
        const bool begins = at.offset == 0;
        if (begins && under_way_) {
            under_way_.reset();
            look_again_ = true;
            throw_error(errc::incomplete,
                        "another body begins, whose sender gave the last one up or has taken the "
                        "place of one that died: " +
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
        if (under_way_) {
            passed_over_ = under_way_->body;
            under_way_.reset();
        }
        if (!look_again_) {
            reader_.release();
        }
    }

    link_type link_;
    rounds_detail::round_writer<link_type> writer_;
    rounds_detail::round_reader<link_type> reader_;
    std::uint32_t next_body_;  // begins anywhere, so that a successor's bodies have other numbers
    bool look_again_ = false;  // the round in hand begins a body, and an error about the last one came first
    progress received_;
    std::optional<incoming> under_way_;
    std::optional<std::uint32_t> passed_over_;
    std::vector<std::byte> collected_;
};

template <class C>
rounds(link<C>) -> rounds<C>;
/// For the sentence that says what to write.
template <class C>
rounds(const sender<C>&) -> rounds<C>;
/// For the sentence that says what to write.
template <class C>
rounds(const receiver<C>&) -> rounds<C>;

}  // namespace parley
