#include <array>
#include <chrono>
#include <csignal>
#include <cstdint>
#include <ctime>
#include <iostream>
#include <optional>
#include <span>
#include <string>
#include <system_error>
#include <tuple>
#include <vector>

#include <poll.h>
#include <sched.h>
#include <unistd.h>

#include <parley/parley.hpp>

#include "conformance/compositions.hpp"
#include "conformance/venue.hpp"
#include "support/catch.hpp"

/// Direct links over datagram sockets.

namespace parley::conformance {

namespace {

using local_link = on<unix_datagram>::c<direct>;
using internet_link = on<udp>::c<direct>;

using links = std::tuple<local_link, on<unix_datagram>::c<direct, bounded<1>>, on<unix_datagram>::c<direct, unbounded>,
                         internet_link, on<udp>::c<direct, bounded<1>>>;

/// Names that no other test uses.
template <class C>
struct names {
    std::string alice = fresh_name<C>("alice");
    std::string bob = fresh_name<C>("bob");
};

[[nodiscard]] bool is_readable(int descriptor) { return os::is_ready(descriptor, POLLIN); }

}  // namespace

TEMPLATE_LIST_TEST_CASE("datagram link: both send at the same time", "", links) {
    using C = TestType;
    INFO(C::describe());
    constexpr std::uint32_t count = 2000;
    const names<C> who;
    const auto talk = [&](const std::string& self, const std::string& other, std::uint32_t number_of_self) {
        endpoint<C> me{self};
        auto peer = me.link(other);
        std::uint32_t sent = 0;
        std::uint32_t received = 0;
        while (sent < count || received < count) {
            bool progress = false;
            if (sent < count && peer.try_send(item::make(number_of_self, sent))) {
                ++sent;
                progress = true;
            }
            if (const auto message = received < count ? peer.try_receive() : std::nullopt) {
                PARLEY_CHECK_IN_CHILD(message->sound());
                PARLEY_CHECK_IN_CHILD(message->from == 3 - number_of_self);
                PARLEY_CHECK_IN_CHILD(message->number == received);
                ++received;
                progress = true;
            }
            if (!progress) {
                ::sched_yield();
            }
        }
    };
    child alice{"alice", [&] { talk(who.alice, who.bob, 1); }};
    child bob{"bob", [&] { talk(who.bob, who.alice, 2); }};
    CHECK(alice.join_ok());
    CHECK(bob.join_ok());
}

TEMPLATE_LIST_TEST_CASE("datagram link: question and answer, whoever starts first", "", links) {
    using C = TestType;
    INFO(C::describe());
    constexpr std::uint32_t count = 200;
    for (const bool asker_first : {true, false}) {
        const names<C> who;
        steps step;
        child asker{"asker", [&] {
                        PARLEY_CHECK_IN_CHILD(step.await(asker_first ? 0 : 1));
                        endpoint<C> me{who.alice};
                        auto bob = me.link(who.bob);
                        step.reach(1);
                        for (std::uint32_t number = 0; number < count; ++number) {
                            bob.send(item::make(1, number));
                            PARLEY_CHECK_IN_CHILD(bob.receive().number == number + 1000);
                        }
                    }};
        child answerer{"answerer", [&] {
                           PARLEY_CHECK_IN_CHILD(step.await(asker_first ? 1 : 0));
                           endpoint<C> me{who.bob};
                           step.reach(1);
                           for (std::uint32_t number = 0; number < count; ++number) {
                               const auto [from, question] = me.receive();
                               PARLEY_CHECK_IN_CHILD(from == who.alice);
                               me.send(from, item::make(2, question.number + 1000));
                           }
                       }};
        CHECK(asker.join_ok());
        CHECK(answerer.join_ok());
    }
}

TEMPLATE_LIST_TEST_CASE("datagram link: a peer that has not come yet is waited for", "", links) {
    using C = TestType;
    INFO(C::describe());
    const names<C> who;
    endpoint<C> me{who.alice};
    auto bob = me.link(who.bob);
    CHECK_FALSE(bob.try_send(item::make(1, 0)));
    CHECK_FALSE(bob.send_for(item::make(1, 0), short_wait));
    CHECK_FALSE(bob.receive_for(short_wait));
    steps step;
    child late{"late", [&] {
                   endpoint<C> own{who.bob};
                   PARLEY_CHECK_IN_CHILD(own.receive(who.alice).number == 7);
                   own.send(who.alice, item::make(2, 8));
                   PARLEY_CHECK_IN_CHILD(step.await(1));
               }};
    bob.send(item::make(1, 7));
    CHECK(bob.receive().number == 8);
    step.reach(1);
    CHECK(late.join_ok());
}

TEMPLATE_LIST_TEST_CASE(
    "datagram link: a peer's death ends a wait, what it sent before is received, and it may come back", "", links) {
    using C = TestType;
    INFO(C::describe());
    for (const bool killed : {true, false}) {
        INFO("killed: " << killed);
        const names<C> who;
        endpoint<C> me{who.alice};
        auto bob = me.link(who.bob);
        steps step;
        child first{"first", [&] {
                        endpoint<C> own{who.bob};
                        PARLEY_CHECK_IN_CHILD(own.receive(who.alice).number == 1);
                        own.send(who.alice, item::make(2, 2));
                        step.reach(1);
                        PARLEY_CHECK_IN_CHILD(step.await(2));
                    }};
        bob.send(item::make(1, 1));
        REQUIRE(step.await(1));
        if (killed) {
            first.kill9();
        } else {
            step.reach(2);
            CHECK(first.join_ok());
        }
        CHECK(bob.receive().number == 2);
        const auto start = std::chrono::steady_clock::now();
        CHECK(thrown_by([&] { return bob.receive(); }) == (killed ? errc::peer_died : errc::closed));
        std::cout << C::transport::name << " link: a peer's " << (killed ? "death" : "leaving") << " noticed after "
                  << std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - start).count()
                  << " ms\n";
        const auto reason = thrown_by([&] { bob.send(item::make(1, 3)); });
        CHECK((reason == errc::peer_died || reason == errc::closed));
        step.reach(3);
        child again{"again", [&] {
                        endpoint<C> own{who.bob};
                        own.send(who.alice, item::make(2, 4));
                        PARLEY_CHECK_IN_CHILD(own.receive(who.alice).number == 5);
                        step.reach(4);
                    }};
        REQUIRE(eventually([&] {
            std::error_code code;
            const auto message = bob.receive_for(short_wait, code);
            return message && message->number == 4;
        }));
        REQUIRE(eventually([&] {
            std::error_code code;
            return bob.try_send(item::make(1, 5), code);
        }));
        CHECK(again.join_ok());
    }
}

TEMPLATE_LIST_TEST_CASE("datagram link: a batch that slept too long gets what its peer sent before its end", "",
                        links) {
    using C = TestType;
    INFO(C::describe());
    for (const bool killed : {true, false}) {
        INFO("killed: " << killed);
        const names<C> who;
        steps step;
        child bob{"bob", [&] {
                      endpoint<C> own{who.bob};
                      auto in = own.link(who.alice);
                      step.reach(1);
                      PARLEY_CHECK_IN_CHILD(in.receive().number == 0);
                      step.reach(2);
                      std::array<item, 4> batch;
                      PARLEY_CHECK_IN_CHILD(in.receive(std::span(batch)) == 1);
                      PARLEY_CHECK_IN_CHILD(batch[0].number == 1);
                      PARLEY_CHECK_IN_CHILD(thrown_by([&] { return in.receive(std::span(batch)); }) ==
                                            (killed ? errc::peer_died : errc::closed));
                  }};
        child alice{"alice", [&] {
                        PARLEY_CHECK_IN_CHILD(step.await(1));
                        endpoint<C> me{who.alice};
                        me.send(who.bob, item::make(1, 0));
                        PARLEY_CHECK_IN_CHILD(step.await(3));
                        me.send(who.bob, item::make(1, 1));
                        if (killed) {
                            ::raise(SIGKILL);
                        }
                    }};
        REQUIRE(step.await(2));
        REQUIRE(eventually([&] { return is_asleep(bob.pid()); }));
        bob.stop();
        step.reach(3);
        CHECK(alice.join() == (killed ? 128 + SIGKILL : 0));
        // Until it is time for a sleeper to look around.
        const auto until = std::chrono::steady_clock::now() + os::look_around_interval;
        CHECK(eventually([&] { return std::chrono::steady_clock::now() >= until; }));
        bob.resume();
        CHECK(bob.join_ok());
    }
}

TEST_CASE("datagram link: over udp one peer's messages that nobody takes keep nobody else's away") {
    using C = on<udp>::c<direct, bounded_by_kernel>;
    endpoint<C> hub{fresh_name<C>("hub")};
    endpoint<C> talker{fresh_name<C>("talker")};
    endpoint<C> other{fresh_name<C>("other")};
    for (std::uint32_t number = 0; number < 2000; ++number) {
        talker.send(hub.name(), item::make(1, number));
        REQUIRE_FALSE(hub.try_receive(other.name()));
    }
    other.send(hub.name(), item::make(2, 7));
    CHECK(hub.receive(other.name()).number == 7);
    CHECK(hub.receive(talker.name()).number == 0);
}

TEST_CASE("datagram link: where nothing may be lost, who is behind one peer's messages waits asleep") {
    using C = on<unix_datagram>::c<direct, bounded_by_kernel>;
    endpoint<C> hub{fresh_name<C>("hub")};
    endpoint<C> talker{fresh_name<C>("talker")};
    endpoint<C> other{fresh_name<C>("other")};
    other.send(hub.name(), item::make(2, 6));
    CHECK(hub.receive(other.name()).number == 6);
    std::uint32_t sent = 0;
    while (talker.try_send(hub.name(), item::make(1, sent))) {
        ++sent;
        REQUIRE_FALSE(hub.try_receive(other.name()));
    }
    const auto start = std::clock();
    CHECK_FALSE(hub.receive_for(other.name(), 300ms));
    CHECK(std::clock() - start < CLOCKS_PER_SEC / 15);  // of the processor, where a wait that spins takes all
    for (std::uint32_t number = 0; number < sent; ++number) {
        REQUIRE(hub.receive(talker.name()).number == number);
    }
    other.send(hub.name(), item::make(2, 7));
    CHECK(hub.receive(other.name()).number == 7);
}

TEMPLATE_LIST_TEST_CASE("datagram link: a sender that waits for room learns of its peer's death", "", links) {
    using C = TestType;
    INFO(C::describe());
    if constexpr (!unlimited<C>) {
        const names<C> who;
        steps step;
        child bob{"bob", [&] {
                      endpoint<C> own{who.bob};
                      step.reach(1);
                      for (;;) {
                          ::pause();
                      }
                  }};
        REQUIRE(step.await(1));
        child alice{"alice", [&] {
                        endpoint<C> me{who.alice};
                        auto to_bob = me.link(who.bob);
                        while (to_bob.try_send(item::make(1, 1))) {
                        }
                        step.reach(2);
                        PARLEY_CHECK_IN_CHILD(thrown_by([&] { to_bob.send(item::make(1, 2)); }) == errc::peer_died);
                    }};
        REQUIRE(step.await(2));
        CHECK(eventually([&] { return is_asleep(alice.pid()); }));
        bob.kill9();
        CHECK(alice.join_ok());
    }
}

TEMPLATE_LIST_TEST_CASE("datagram link: what others have sent is laid aside, and shows in the descriptor", "", links) {
    using C = TestType;
    INFO(C::describe());
    endpoint<C> hub{fresh_name<C>("hub")};
    std::vector<endpoint<C>> peers;
    for (int number = 0; number < 3; ++number) {
        peers.emplace_back(fresh_name<C>("peer"));
    }
    auto from_last = hub.link(peers[2].name());
    auto from_first = hub.link(peers[0].name());
    CHECK_FALSE(is_readable(from_first.native_handle()));
    for (std::uint32_t number = 0; number < 3; ++number) {
        peers[number].send(hub.name(), item::make(number, number));
    }
    CHECK(from_last.receive().number == 2);
    CHECK(is_readable(from_first.native_handle()));  // what is left lies in this process
    CHECK_FALSE(is_readable(from_last.native_handle()));
    const auto [who, message] = hub.receive();
    CHECK(who == peers[0].name());
    CHECK(message.number == 0);
    CHECK_FALSE(is_readable(from_first.native_handle()));
    CHECK(hub.receive(peers[1].name()).number == 1);
    CHECK_FALSE(hub.try_receive());
}

TEMPLATE_LIST_TEST_CASE("datagram link: over time an endpoint has links with any number of peers", "", links) {
    using C = TestType;
    INFO(C::describe());
    constexpr std::uint32_t many = 150;
    endpoint<C> hub{fresh_name<C>("hub")};
    for (std::uint32_t number = 0; number < many; ++number) {
        endpoint<C> me{fresh_name<C>("peer")};
        me.send(hub.name(), item::make(1, number));
        const auto [from, message] = hub.receive();
        CHECK(from == me.name());
        CHECK(message.number == number);
        hub.send(from, item::make(2, number));
        CHECK(me.receive(hub.name()).number == number);
    }
}

TEST_CASE("datagram link: too many peers at a time are refused, and told so") {
    using C = local_link;
    endpoint<C> hub{fresh_name<C>("hub")};
    std::vector<endpoint<C>> peers;
    std::vector<link<C>> held;
    for (std::uint32_t number = 0; number < 65; ++number) {
        peers.emplace_back(fresh_name<C>("peer"));
        if (number < 64) {
            held.push_back(hub.link(peers[number].name()));
        }
    }
    CHECK(thrown_by([&] { return hub.link(peers[64].name()); }) == errc::too_many_participants);
    CHECK(peers.back().try_send(hub.name(), item::make(1, 1)));
    CHECK_FALSE(hub.try_receive());
    std::error_code code;
    CHECK(eventually([&] {
        static_cast<void>(peers.back().try_send(hub.name(), item::make(1, 1), code));
        return static_cast<bool>(code);
    }));
    CHECK(code == errc::too_many_participants);
    CHECK(peers.front().try_send(hub.name(), item::make(1, 2)));
    CHECK(hub.receive().second.number == 2);
}

TEST_CASE("datagram link: over udp an address is one name, however it is written") {
    using C = internet_link;
    endpoint<C> one{"20991"};
    endpoint<C> other{"127.0.0.1:20992"};
    CHECK(one.name() == "127.0.0.1:20991");
    one.send(":20992", item::make(1, 1));
    CHECK(other.receive("localhost:20991").number == 1);
    other.send("127.0.0.1:20991", item::make(1, 2));
    CHECK(one.receive("20992").number == 2);
    CHECK(thrown_by([&] { return one.link(":20991"); }) == errc::invalid_name);
}

TEST_CASE("datagram link: removing an endpoint's name closes it") {
    using C = local_link;
    const names<C> who;
    steps step;
    child bob{"bob", [&] {
                  endpoint<C> own{who.bob};
                  step.reach(1);
                  PARLEY_CHECK_IN_CHILD(thrown_by([&] { return own.receive(); }) == errc::closed);
              }};
    REQUIRE(step.await(1));
    CHECK(C::remove(who.bob));
    CHECK(bob.join_ok());
    CHECK_FALSE(C::remove(who.bob));
}

}  // namespace parley::conformance
