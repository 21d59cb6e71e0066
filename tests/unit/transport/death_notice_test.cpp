#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <system_error>
#include <utility>

#include <unistd.h>

#include <parley/parley.hpp>

#include "conformance/compositions.hpp"
#include "conformance/venue.hpp"
#include "support/catch.hpp"

/// That somebody was killed is told once, to a call that waits, whoever notices it and at which step of the call.

namespace parley::conformance {

namespace {

/// A process with the sender of a pair: it sends so many messages when `step` comes to 1, then says so, and stays.
template <class Ends>
[[nodiscard]] child sender_of(std::optional<Ends>& ends, std::uint32_t messages, steps& step) {
    return child{"sender", [&ends, messages, &step] {
                     auto out = std::move(ends->first);
                     ends.reset();
                     PARLEY_CHECK_IN_CHILD(step.await(1));
                     for (std::uint32_t number = 0; number < messages; ++number) {
                         out.send(item::make(1, number));
                     }
                     step.reach(2);
                     for (;;) {
                         ::pause();
                     }
                 }};
}

/// The receiver of a pair whose sender was killed after so many messages; before they came it has polled so often.
template <class C>
[[nodiscard]] receiver<C> bereaved(int polls, std::uint32_t messages) {
    std::optional ends{C::pair()};
    steps step;
    auto sender = sender_of(ends, messages, step);
    auto in = std::move(ends->second);
    ends.reset();
    for (int poll = 0; poll < polls; ++poll) {
        REQUIRE_FALSE(in.try_receive());
    }
    step.reach(1);
    REQUIRE(step.await(2));
    sender.kill9();
    return in;
}

/// A process with the receiver of that port, which is there when this returns, and stays.
template <class C>
[[nodiscard]] child owner_of(const venue<C>& place, const options& with = {}) {
    steps step;
    child owner{"owner", [&] {
                    const receiver<C> in{place.name(), with};
                    step.reach(1);
                    for (;;) {
                        ::pause();
                    }
                }};
    REQUIRE(step.await(1));
    return owner;
}

constexpr int after_a_while = 100'000;

/// Where a segment keeps the books, it is closed for the next attempt of anybody when one has met the end; each end of
/// a socket has to find out by itself.
template <class C>
concept keeps_books = requires {
    typename C::transport::backing_type;
};
template <class C>
constexpr int attempts_until_told = keeps_books<C> ? 1 : after_a_while;

/// What attempts throw, at most so many.
template <class Attempt>
[[nodiscard]] errc told_by_attempts(int most, Attempt attempt) {
    return thrown_by([&] {
        for (int count = 0; count < most; ++count) {
            static_cast<void>(attempt());
        }
    });
}

/// An attempt in vain looks for peers now and then: before which the killed one is met, these decide.
constexpr std::array polls_before = {0, 100, 180, 250, 253, 254, 255};

}  // namespace

TEMPLATE_TEST_CASE("death notice: a receiver that waits is told of it, whatever its attempts have noticed", "",
                   (on<pipe>::c<port, bounded<4>>), (on<pipe>::c<port, bounded<4>, parley::map>),
                   (on<anonymous_shm>::c<bounded<4>>), (on<anonymous_shm>::c<port, bounded<4>, parley::map>),
                   (on<anonymous_shm>::c<port, unbounded>), (on<unix_stream>::c<port, bounded<4>>),
                   (on<unix_seqpacket>::c<port, bounded<4>, parley::map>), (on<unix_datagram>::c<port, bounded<4>>)) {
    using C = TestType;
    INFO(C::describe());
    for (const int polls : polls_before) {
        INFO("attempts before: " << polls);
        auto in = bereaved<C>(polls, 1);
        CHECK(in.receive().number == 0);
        CHECK(thrown_by([&] { return in.receive(); }) == errc::peer_died);
        CHECK(thrown_by([&] { return in.receive(); }) == errc::closed);
    }
    for (const int polls : polls_before) {
        INFO("attempts in vain after the death: " << polls);
        auto in = bereaved<C>(0, 1);
        CHECK(in.receive().number == 0);
        bool told = false;
        for (int poll = 0; poll < polls && !told; ++poll) {
            std::error_code code;
            CHECK_FALSE(in.try_receive(code));
            told = static_cast<bool>(code);
            CHECK((!code || code == errc::closed));
        }
        CHECK(thrown_by([&] { return in.receive(); }) == (told ? errc::closed : errc::peer_died));
        CHECK(thrown_by([&] { return in.receive(); }) == errc::closed);
    }
}

TEMPLATE_TEST_CASE("death notice: what a batch has met behind its messages is for the next call", "",
                   (on<pipe>::c<port, bounded<4>>), (on<anonymous_shm>::c<bounded<4>>),
                   (on<unix_stream>::c<port, bounded<4>>), (on<unix_datagram>::c<port, bounded<4>>)) {
    using C = TestType;
    INFO(C::describe());
    for (const int polls : polls_before) {
        INFO("attempts before: " << polls);
        auto in = bereaved<C>(polls, 3);
        std::array<item, 5> batch{};
        CHECK(in.receive(std::span<item>(batch)) == 3);
        CHECK(thrown_by([&] { return in.receive(std::span<item>(batch)); }) == errc::peer_died);
        CHECK(thrown_by([&] { return in.receive(std::span<item>(batch)); }) == errc::closed);
    }
}

TEMPLATE_TEST_CASE("death notice: once, whether a sender lacks a block or a place in the link", "",
                   (on<shm>::c<port, bounded<64>, parley::map>), (on<fifo>::c<port, bounded<64>, parley::map>)) {
    using C = TestType;
    INFO(C::describe());
    venue<C> place;
    auto owner = owner_of(place, {.pool_size = 4096});
    const auto content = item::make(1, 1);
    sender<C> first{open_only, place.name()};
    sender<C> second{open_only, place.name()};
    sender<C> third{open_only, place.name()};
    while (first.try_send(content)) {
    }
    owner.kill9();
    for (auto* each : {&first, &second}) {
        CHECK(thrown_by([&] { each->send(content); }) == errc::peer_died);
        CHECK(thrown_by([&] { each->send(content); }) == errc::closed);
        CHECK(thrown_by([&] { static_cast<void>(each->loan()); }) == errc::closed);
    }
    CHECK(thrown_by([&] { static_cast<void>(third.try_send(content)); }) == errc::closed);
    CHECK(thrown_by([&] { third.send(content); }) == errc::closed);
}

TEST_CASE("death notice: it stays told where messages come after it") {
    using C = on<anonymous_shm>::c<bounded<4>, mailbox_by<exclusive>>;
    std::optional ends{C::pair()};
    steps step;
    auto sender = sender_of(ends, 3, step);
    std::optional first{std::move(ends->second)};
    receiver<C> second{from_descriptor, ::dup(first->descriptor())};
    ends.reset();
    step.reach(1);
    REQUIRE(step.await(2));
    CHECK(first->receive().number == 0);  // its turn until it leaves
    sender.kill9();
    std::array<item, 5> batch{};
    CHECK(thrown_by([&] { return second.receive(std::span<item>(batch)); }) == errc::peer_died);
    first.reset();
    CHECK(second.receive(std::span<item>(batch)) == 2);
    CHECK(thrown_by([&] { return second.receive(std::span<item>(batch)); }) == errc::closed);
}

TEMPLATE_TEST_CASE("death notice: each sender of a port is told of it once, also where another noticed it", "",
                   (on<shm>::c<port, bounded<4>>), (on<fifo>::c<port, bounded<4>>),
                   (on<mqueue>::c<port, bounded<4>, parley::map>), (on<shm>::c<port, zero>),
                   (on<unix_stream>::c<port, bounded<4>>), (on<unix_seqpacket>::c<port, bounded<4>, parley::map>),
                   (on<unix_datagram>::c<port, bounded<4>>), (on<tcp>::c<port, zero>)) {
    using C = TestType;
    INFO(C::describe());
    venue<C> place;
    auto owner = owner_of(place);
    const auto content = item::make(1, 1);
    const std::array batch{content, content};
    auto first = place.sender();
    auto second = place.sender();
    auto third = place.sender();
    auto fourth = place.sender();
    auto fifth = place.sender();
    while (first->try_send(content)) {
    }
    owner.kill9();
    CHECK(thrown_by([&] { first->send(content); }) == errc::peer_died);
    CHECK(thrown_by([&] { first->send(content); }) == errc::closed);

    CHECK(thrown_by([&] { second->send(content); }) == errc::peer_died);
    CHECK(thrown_by([&] { second->send(content); }) == errc::closed);

    CHECK(told_by_attempts(attempts_until_told<C>, [&] { return third->try_send(content); }) == errc::closed);
    CHECK(thrown_by([&] { third->send(content); }) == errc::closed);

    CHECK(thrown_by([&] { fourth->send(std::span<const item>(batch)); }) == errc::peer_died);
    CHECK(thrown_by([&] { fourth->send(std::span<const item>(batch)); }) == errc::closed);

    std::error_code code;
    CHECK_FALSE(fifth->send_for(content, 1h, code));
    CHECK(code == errc::peer_died);
    CHECK_FALSE(fifth->send_for(content, 1h, code));
    CHECK(code == errc::closed);
}

TEMPLATE_TEST_CASE("death notice: who sends into a buffer without an end waits for nobody", "",
                   (on<shm>::c<port, unbounded>), (on<fifo>::c<port, unbounded>), (on<unix_stream>::c<port, unbounded>),
                   (on<unix_datagram>::c<port, unbounded>)) {
    using C = TestType;
    INFO(C::describe());
    venue<C> place;
    auto owner = owner_of(place);
    const auto content = item::make(1, 1);
    auto out = place.sender();
    out->send(content);
    owner.kill9();
    CHECK(told_by_attempts(after_a_while, [&] {
              out->send(content);
              return true;
          }) == errc::closed);
    CHECK(told_by_attempts(after_a_while, [&] { return out->try_send(content); }) == errc::closed);
}

}  // namespace parley::conformance
