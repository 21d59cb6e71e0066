#include <atomic>
#include <csignal>
#include <cstdint>
#include <optional>
#include <string>
#include <system_error>
#include <utility>

#include <signal.h>
#include <unistd.h>

#include <parley/parley.hpp>

#include "conformance/compositions.hpp"
#include "conformance/venue.hpp"
#include "support/catch.hpp"

/// Pairs of datagram sockets: channels without a name between related processes.

namespace parley::conformance {

namespace {

using one_way = on<unix_datagram>::c<port>;
using deep = on<unix_datagram>::c<port, bounded<8>>;  // as many as the kernel gives to everybody
using both_ways = on<unix_datagram>::c<direct>;

}  // namespace

TEMPLATE_TEST_CASE("datagram pair: exactly as many messages as it says, to a child and in order", "", one_way, deep) {
    using C = TestType;
    INFO(C::describe());
    constexpr auto capacity = static_cast<std::uint32_t>(C::buffering::capacity);
    auto [out, in] = C::pair();
    CHECK(send_up_to(capacity + 5, out) == capacity);
    CHECK(in.receive().number == 0);
    CHECK(send_up_to(5, out) == 1);
    for (std::uint32_t number = 1; number < capacity; ++number) {
        REQUIRE(in.receive().number == number);
    }
    CHECK(in.receive().number == 0);
    CHECK_FALSE(in.try_receive());
}

TEST_CASE("datagram pair: a child sends through an inherited end, and its end is the end") {
    for (const bool killed : {false, true}) {
        INFO("killed: " << killed);
        std::optional ends{one_way::pair()};
        child sender{"sender", [&] {
                         {
                             auto out = std::move(ends->first);
                             for (std::uint32_t number = 0; number < 500; ++number) {
                                 out.send(item::make(1, number));
                             }
                             if (killed) {
                                 ::raise(SIGKILL);
                             }
                         }
                         ends.reset();
                     }};
        auto in = std::move(ends->second);
        ends.reset();  // this process does not send
        for (std::uint32_t number = 0; number < 500; ++number) {
            REQUIRE(in.receive().number == number);
        }
        CHECK(thrown_by([&] { return in.receive(); }) == (killed ? errc::peer_died : errc::closed));
        CHECK(thrown_by([&] { return in.receive(); }) == errc::closed);
        CHECK(sender.join() == (killed ? 128 + SIGKILL : 0));
    }
}

TEST_CASE("datagram pair: a sender that waits learns that its receiver has gone") {
    for (const bool killed : {false, true}) {
        INFO("killed: " << killed);
        std::optional ends{one_way::pair()};
        steps step;
        child receiver{"receiver", [&] {
                           auto in = std::move(ends->second);
                           ends.reset();
                           PARLEY_CHECK_IN_CHILD(in.receive().number == 0);
                           PARLEY_CHECK_IN_CHILD(step.await(1));
                           if (killed) {
                               ::raise(SIGKILL);
                           }
                       }};
        auto out = std::move(ends->first);
        ends.reset();
        out.send(item::make(1, 0));
        REQUIRE(eventually([&] { return send_up_to(1, out) == 0; }));
        step.reach(1);
        const auto reason = thrown_by([&] {
            for (;;) {
                out.send(item::make(1, 1));
            }
        });
        CHECK((reason == errc::closed || (killed && reason == errc::peer_died)));
        CHECK(thrown_by([&] { out.send(item::make(1, 1)); }) == errc::closed);
        CHECK(receiver.join() == (killed ? 128 + SIGKILL : 0));
    }
}

TEST_CASE("datagram pair: a link goes both ways") {
    constexpr std::uint32_t count = 2000;
    std::optional ends{both_ways::pair()};
    const auto talk = [](auto& peer, std::uint32_t own) {
        std::uint32_t sent = 0;
        std::uint32_t received = 0;
        while (sent < count || received < count) {
            if (sent < count && peer.try_send(item::make(own, sent))) {
                ++sent;
            }
            if (const auto message = received < count ? peer.try_receive() : std::nullopt) {
                PARLEY_CHECK_IN_CHILD(message->sound() && message->from == 3 - own && message->number == received);
                ++received;
            }
        }
    };
    steps step;
    child other{"other", [&] {
                    auto mine = std::move(ends->second);
                    ends.reset();
                    talk(mine, 2);
                    mine.send(item::make(2, count));
                    PARLEY_CHECK_IN_CHILD(mine.receive().number == count);
                    PARLEY_CHECK_IN_CHILD(step.await(1));
                }};
    auto mine = std::move(ends->first);
    ends.reset();
    talk(mine, 1);
    CHECK(mine.receive().number == count);
    mine.send(item::make(1, count));
    CHECK(send_up_to(1000, mine) <= both_ways::buffering::capacity);
    step.reach(1);
    CHECK(other.join_ok());
    CHECK(thrown_by([&] { return mine.receive(); }) == errc::closed);
    CHECK(thrown_by([&] { mine.send(item::make(1, 0)); }) == errc::closed);
}

TEST_CASE("datagram pair: the death of a link's other side ends a wait") {
    for (const bool opens_second : {false, true}) {
        INFO("opens second: " << opens_second);
        std::optional ends{both_ways::pair()};
        steps step;
        child other{"other", [&] {
                        auto mine = std::move(ends->second);
                        ends.reset();
                        if (!opens_second) {
                            PARLEY_CHECK_IN_CHILD(step.await(1));
                        }
                        mine.send(item::make(2, 1));
                        ::raise(SIGKILL);
                    }};
        auto mine = std::move(ends->first);
        ends.reset();
        if (opens_second) {
            CHECK(other.join() == 128 + SIGKILL);
        } else {
            CHECK_FALSE(mine.try_receive());
            step.reach(1);
        }
        CHECK(mine.receive().number == 1);
        CHECK(thrown_by([&] { return mine.receive(); }) == errc::peer_died);
        CHECK(thrown_by([&] { mine.send(item::make(1, 1)); }) == errc::peer_died);
        CHECK(thrown_by([&] { return mine.receive(); }) == errc::peer_died);
        if (!opens_second) {
            CHECK(other.join() == 128 + SIGKILL);
        }
    }
}

TEST_CASE("datagram pair: the bytes alone come after their sender has gone") {
    using C = on<unix_datagram>::c<port, raw, bounded_by_kernel>;
    std::optional ends{C::pair()};
    std::uint32_t sent = 0;
    while (ends->first.try_send(item::make(1, sent))) {
        ++sent;
    }
    auto in = std::move(ends->second);
    ends.reset();
    for (std::uint32_t number = 0; number < sent; ++number) {
        REQUIRE(in.receive().number == number);
    }
}

TEST_CASE("datagram pair: what a side of a link sends just before it leaves comes, and that it left") {
    constexpr std::uint32_t count = 20;
    for (int round = 0; round < 100; ++round) {
        INFO("round " << round);
        std::optional ends{both_ways::pair()};
        child other{"other", [&] {
                        auto mine = std::move(ends->second);
                        ends.reset();
                        for (std::uint32_t number = 0; number < count; ++number) {
                            mine.send(item::make(2, number));
                        }
                    }};
        auto mine = std::move(ends->first);
        ends.reset();
        for (std::uint32_t number = 0; number < count; ++number) {  // each is answered by a credit
            REQUIRE(mine.receive().number == number);
        }
        REQUIRE(thrown_by([&] { return mine.receive(); }) == errc::closed);
        REQUIRE(thrown_by([&] { mine.send(item::make(1, 0)); }) == errc::closed);
        REQUIRE(other.join_ok());
    }
}

TEMPLATE_TEST_CASE("datagram pair: a side that leaves while the kernel's queue is full has left and is not dead", "",
                   (on<unix_datagram>::c<direct, bounded_by_kernel>), (on<unix_datagram>::c<direct, unbounded>),
                   (on<unix_datagram>::c<port, bounded_by_kernel>), (on<unix_datagram>::c<port, unbounded>)) {
    using C = TestType;
    INFO(C::describe());
    std::optional ends{C::pair()};
    steps step;
    child other{"other", [&] {
                    auto mine = std::move(ends->first);
                    ends.reset();
                    for (std::uint32_t number = 0; number < 50 && mine.try_send(item::make(2, number)); ++number) {
                    }
                    step.reach(1);
                }};
    auto mine = std::move(ends->second);
    ends.reset();
    REQUIRE(step.await(1));
    std::uint32_t received = 0;
    const auto told = thrown_by([&] {
        while (mine.receive().number == received) {
            ++received;
        }
    });
    CHECK(told == errc::closed);
    CHECK(received >= 9);
    CHECK(other.join_ok());
}

TEST_CASE("datagram pair: a link that the kernel's queue has no room for is refused") {
    using wide = on<unix_datagram>::c<direct, bounded<5000>>;
    CHECK(thrown_by([] { static_cast<void>(wide::pair()); }) == errc::no_space);
}

TEST_CASE("datagram pair: a descriptor that is no side of a link is refused") {
    auto [out, in] = one_way::pair();
    parley::link<both_ways> wrong{from_descriptor, ::dup(in.descriptor()), 0};
    CHECK(thrown_by([&] { wrong.send(item::make(1, 1)); }) == errc::corrupt);
    out.send(item::make(1, 1));
    CHECK(in.receive().number == 1);
}

}  // namespace parley::conformance
