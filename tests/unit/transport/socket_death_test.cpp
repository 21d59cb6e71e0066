#include <atomic>
#include <chrono>
#include <csignal>
#include <cstdint>
#include <iostream>
#include <optional>
#include <system_error>
#include <tuple>

#include <unistd.h>

#include <parley/parley.hpp>

#include "conformance/venue.hpp"
#include "support/catch.hpp"

/// Peers that are killed, in every state in which another can be waiting for them.

namespace parley::conformance {

namespace {

template <class Transport>
using lists = std::tuple<channel<item, Transport, port>, channel<item, Transport, port, zero>,
                         channel<item, Transport, port, bounded_by_kernel>>;
template <class Transport>
using link_lists = std::tuple<channel<item, Transport, direct>, channel<item, Transport, direct, zero>>;

template <class... Lists>
using all = decltype(std::tuple_cat(std::declval<Lists>()...));

using ports = all<lists<unix_stream>, lists<unix_seqpacket>, lists<tcp>>;
using links = all<link_lists<unix_stream>, link_lists<unix_seqpacket>, link_lists<tcp>>;
using rendezvous_ports = std::tuple<channel<item, unix_stream, port, zero>, channel<item, unix_seqpacket, port, zero>,
                                    channel<item, tcp, port, zero>>;
using local_links = all<link_lists<unix_stream>, link_lists<unix_seqpacket>>;

class stopwatch {
public:
    void start() { *began_ = std::chrono::steady_clock::now().time_since_epoch().count(); }
    void say(const char* what) const {
        const auto now = std::chrono::steady_clock::now().time_since_epoch().count();
        const std::chrono::duration<double, std::milli> passed = std::chrono::steady_clock::duration(now - *began_);
        std::cout << what << " noticed after " << passed.count() << " ms\n";
    }

private:
    shared<std::atomic<std::int64_t>> began_{0};
};

/// Kills `victim` when `sleeper` sleeps.
auto killer_of(pid_t victim, stopwatch& watch, pid_t sleeper = ::getpid()) {
    return child{"killer", [&watch, victim, sleeper] {
                     PARLEY_CHECK_IN_CHILD(eventually([&] { return is_asleep(sleeper); }));
                     watch.start();
                     ::kill(victim, SIGKILL);
                 }};
}

[[noreturn]] void stand_still() {
    for (;;) {
        ::pause();
    }
}

}  // namespace

TEMPLATE_LIST_TEST_CASE("a port's receiver that is killed ends a sender's wait", "", ports) {
    using C = TestType;
    INFO(C::describe());
    venue<C> place;
    steps step;
    child owner{"owner", [&] {
                    auto in = place.receiver();
                    step.reach(1);
                    stand_still();
                }};
    REQUIRE(step.await(1));
    auto out = place.sender();
    while (out->try_send(item::make(1, 1))) {
    }
    stopwatch watch;
    auto killer = killer_of(owner.pid(), watch);
    CHECK(thrown_by([&] { out->send(item::make(1, 2)); }) == errc::peer_died);
    watch.say("port: receiver's death");
    CHECK(killer.join_ok());
    CHECK(thrown_by([&] { out->send(item::make(1, 2)); }) == errc::closed);
    CHECK(thrown_by([&] { return out->try_send(item::make(1, 2)); }) == errc::closed);
}

TEMPLATE_LIST_TEST_CASE("a port's receiver that leaves closes it", "", ports) {
    using C = TestType;
    INFO(C::describe());
    venue<C> place;
    std::optional<decltype(place.receiver())> in{place.receiver()};
    auto out = place.sender();
    in.reset();
    // What fits is accepted until the end has come here; then it is closed.
    REQUIRE(eventually([&] {
        std::error_code code;
        static_cast<void>(out->try_send(item::make(1, 1), code));
        CHECK((!code || code == errc::closed));
        return code == errc::closed;
    }));
    CHECK(thrown_by([&] { out->send(item::make(1, 2)); }) == errc::closed);
}

TEMPLATE_LIST_TEST_CASE("a sender that is killed ends nothing for the others of a port", "", ports) {
    using C = TestType;
    INFO(C::describe());
    venue<C> place;
    auto in = place.receiver();
    for (std::uint32_t round = 0; round < 3; ++round) {
        child victim{"victim", [&] {
                         auto out = place.sender();
                         out->send(item::make(1, round));
                         stand_still();
                     }};
        CHECK(in->receive().number == round);
        victim.kill9();
        child next{"next", [&] {
                       auto out = place.sender();
                       out->send(item::make(2, round));
                   }};
        CHECK(in->receive().from == 2);
        CHECK(next.join_ok());
    }
}

TEMPLATE_LIST_TEST_CASE("in a rendezvous a sender is killed while it waits, and the next one is served", "",
                        rendezvous_ports) {
    using C = TestType;
    venue<C> place;
    auto in = place.receiver();
    child victim{"victim", [&] {
                     auto out = place.sender();
                     out->send(item::make(1, 1));
                 }};
    CHECK(eventually([&] { return is_asleep(victim.pid()); }));
    victim.kill9();
    child next{"next", [&] {
                   auto out = place.sender();
                   out->send(item::make(2, 2));
               }};
    CHECK(in->receive().from == 2);
    CHECK(next.join_ok());
    CHECK_FALSE(in->try_receive());
}

TEMPLATE_LIST_TEST_CASE("a peer of a link that is killed ends a wait, and the link works again when it is back", "",
                        links) {
    using C = TestType;
    INFO(C::describe());
    venue<C> names;
    endpoint<C> me{names.receiver_name()};
    auto to_peer = me.link(names.sender_name());
    for (int round = 0; round < 2; ++round) {
        for (const bool sends : {false, true}) {
            INFO("round " << round << ", sends: " << sends);
            steps step;
            child peer{"peer", [&] {
                           endpoint<C> self{names.sender_name()};
                           auto back = self.link(names.receiver_name());
                           step.reach(1);
                           back.send(item::make(2, 1));
                           step.reach(2);
                           stand_still();
                       }};
            REQUIRE(step.await(1));  // until it is back, its predecessor's death is told
            CHECK(to_peer.receive().number == 1);
            REQUIRE(step.await(2));
            if (sends) {
                while (to_peer.try_send(item::make(1, 1))) {
                }
            }
            stopwatch watch;
            auto killer = killer_of(peer.pid(), watch);
            if (sends) {
                CHECK(thrown_by([&] { to_peer.send(item::make(1, 1)); }) == errc::peer_died);
            } else {
                CHECK(thrown_by([&] { return to_peer.receive(); }) == errc::peer_died);
            }
            watch.say("link: peer's death");
            CHECK(killer.join_ok());
            peer.kill9();
            CHECK(thrown_by([&] { return to_peer.receive(); }) == errc::peer_died);
            CHECK(thrown_by([&] { to_peer.send(item::make(1, 1)); }) == errc::peer_died);
            std::error_code code;
            CHECK_FALSE(to_peer.try_send(item::make(1, 1), code));
            CHECK(code == errc::peer_died);
        }
    }
    // Who leaves in good order closes it, until it is back.
    {
        endpoint<C> peer{names.sender_name()};
        auto back = peer.link(names.receiver_name());
        if constexpr (!rendezvous<C>) {
            back.send(item::make(2, 5));
            CHECK(to_peer.receive().number == 5);
        }
    }
    CHECK(thrown_by([&] { return to_peer.receive(); }) == errc::closed);
}

TEMPLATE_LIST_TEST_CASE("a pair whose other side is killed, or leaves", "", local_links) {
    using C = TestType;
    INFO(C::describe());
    for (const bool killed : {true, false}) {
        for (const bool sends : {false, true}) {
            INFO("killed: " << killed << ", sends: " << sends);
            auto ends = C::pair();
            std::optional<link<C>> mine{std::move(ends.first)};
            std::optional<link<C>> others{std::move(ends.second)};
            steps step;
            child peer{"peer", [&] {
                           mine.reset();
                           others->send(item::make(2, 1));
                           PARLEY_CHECK_IN_CHILD(step.await(1));
                           if (killed) {
                               ::raise(SIGKILL);
                           }
                           others.reset();
                       }};
            others.reset();
            CHECK(mine->receive().number == 1);
            if (sends) {
                while (mine->try_send(item::make(1, 1))) {
                }
            }
            const auto self = ::getpid();
            child starter{"starter", [&] {
                              PARLEY_CHECK_IN_CHILD(eventually([&] { return is_asleep(self); }));
                              step.reach(1);
                          }};
            const auto expected = killed ? errc::peer_died : errc::closed;
            if (sends) {
                CHECK(thrown_by([&] { mine->send(item::make(1, 1)); }) == expected);
            } else {
                CHECK(thrown_by([&] { return mine->receive(); }) == expected);
            }
            CHECK(starter.join_ok());
            CHECK(peer.join() == (killed ? 128 + SIGKILL : 0));
        }
    }
}

}  // namespace parley::conformance
