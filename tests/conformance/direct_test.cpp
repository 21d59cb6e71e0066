#include <atomic>
#include <chrono>
#include <cstdint>
#include <filesystem>
#include <iostream>
#include <list>
#include <map>
#include <optional>
#include <string>
#include <tuple>
#include <vector>

#include <parley/parley.hpp>

#include "conformance/compositions.hpp"
#include "conformance/venue.hpp"
#include "support/catch.hpp"

/// Direct addressing: processes that name each other.

namespace parley::conformance {

namespace {

/// The objects of shared memory whose name contains `part`.
std::vector<std::string> objects_with(const std::string& part) {
    std::vector<std::string> result;
    for (const auto& entry : std::filesystem::directory_iterator("/dev/shm")) {
        if (entry.path().filename().string().find(part) != std::string::npos) {
            result.push_back(entry.path().filename().string());
        }
    }
    return result;
}

/// Names of a group of processes that no other test uses.
template <class C>
class group {
public:
    [[nodiscard]] std::string name(const std::string& who) const { return base_ + "-" + who; }
    [[nodiscard]] const std::string& part() const noexcept { return base_; }
    explicit group(std::vector<std::string> members) : members_(std::move(members)) {}
    group(const group&) = delete;
    group& operator=(const group&) = delete;
    ~group() {
        for (const auto& each : members_) {
            std::error_code ignored;
            C::remove(name(each), ignored);
        }
    }

private:
    std::string base_ = unique_name("direct");
    std::vector<std::string> members_;
};

using duplex = std::tuple<on<shm>::c<direct>,                                  //
                          on<shm>::c<direct, bounded<1>, blocking_on<futex>>,  //
                          on<shm>::c<direct, unbounded>,                       //
                          on<shm>::c<direct, bounded<3>, blocking_on<spin>>,   //
                          on<shm>::c<direct, parley::map, bounded<3>>,         //
                          on<sysv_shm>::c<direct, bounded<3>>>;

using waiting_duplex = std::tuple<on<shm>::c<direct>,                                               //
                                  on<shm>::c<direct, bounded<1>, blocking_on<futex>>,               //
                                  on<shm>::c<direct, unbounded>,                                    //
                                  on<shm>::c<direct, bounded<3>, blocking_on<spin>>,                //
                                  on<shm>::c<direct, zero>,                                         //
                                  on<shm>::c<direct, zero, sync<nonblocking, blocking_on<futex>>>,  //
                                  on<shm>::c<direct, parley::map, bounded<3>>,                      //
                                  on<sysv_shm>::c<direct, bounded<3>>>;

template <class C>
void send_to(endpoint<C>& me, const std::string& peer, const item& message) {
    if constexpr (sender_waits<C>) {
        me.send(peer, message);
    } else {
        while (!me.send(peer, message)) {
            ::sched_yield();
        }
    }
}

}  // namespace

TEMPLATE_LIST_TEST_CASE("direct, symmetric: each names the other, and both send at the same time", "", duplex) {
    using C = TestType;
    INFO(C::describe());
    constexpr std::uint32_t count = 3000;
    const group<C> names{{"alice", "bob"}};
    const auto talk = [&](const std::string& self, const std::string& other, std::uint32_t number_of_self) {
        endpoint<C> me{names.name(self)};
        std::uint32_t sent = 0;
        std::uint32_t received = 0;
        while (sent < count || received < count) {
            bool progress = false;
            if (sent < count && me.try_send(names.name(other), item::make(number_of_self, sent))) {
                ++sent;
                progress = true;
            }
            if (const auto message = me.try_receive(names.name(other))) {
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
    child alice{"alice", [&] { talk("alice", "bob", 1); }};
    child bob{"bob", [&] { talk("bob", "alice", 2); }};
    CHECK(alice.join_ok());
    CHECK(bob.join_ok());
    CHECK(objects_with(names.part()) == std::vector<std::string>{});
}

TEMPLATE_LIST_TEST_CASE("direct: question and answer, whoever starts first", "", waiting_duplex) {
    using C = TestType;
    INFO(C::describe());
    constexpr std::uint32_t count = 200;
    for (const bool asker_first : {true, false}) {
        const group<C> names{{"alice", "bob"}};
        steps step;
        child asker{"asker", [&] {
                        PARLEY_CHECK_IN_CHILD(step.await(asker_first ? 0 : 1));
                        endpoint<C> me{names.name("alice")};
                        auto bob = me.link(names.name("bob"));
                        step.reach(1);
                        for (std::uint32_t number = 0; number < count; ++number) {
                            put(bob, item::make(1, number));
                            const item answer = bob.receive();
                            PARLEY_CHECK_IN_CHILD(answer.from == 2);
                            PARLEY_CHECK_IN_CHILD(answer.number == number + 1000);
                        }
                    }};
        child answerer{"answerer", [&] {
                           PARLEY_CHECK_IN_CHILD(step.await(asker_first ? 1 : 0));
                           endpoint<C> me{names.name("bob")};
                           auto alice = me.link(names.name("alice"));
                           step.reach(1);
                           for (std::uint32_t number = 0; number < count; ++number) {
                               const item question = alice.receive();
                               PARLEY_CHECK_IN_CHILD(question.number == number);
                               put(alice, item::make(2, number + 1000));
                           }
                       }};
        CHECK(asker.join_ok());
        CHECK(answerer.join_ok());
        CHECK(objects_with(names.part()) == std::vector<std::string>{});
    }
}

TEMPLATE_LIST_TEST_CASE("direct, asymmetric: the receiver learns who sent", "", waiting_duplex) {
    using C = TestType;
    INFO(C::describe());
    constexpr std::uint32_t count = 300;
    constexpr std::uint32_t peers = 4;
    const group<C> names{{"hub", "p0", "p1", "p2", "p3"}};
    steps done;
    child hub{"hub", [&] {
                  endpoint<C> me{names.name("hub")};
                  PARLEY_CHECK_IN_CHILD(me.name() == names.name("hub"));
                  std::map<std::string, std::uint32_t> next;
                  for (std::uint32_t total = 0; total < peers * count; ++total) {
                      const auto [from, message] = me.receive();
                      PARLEY_CHECK_IN_CHILD(message.sound());
                      PARLEY_CHECK_IN_CHILD(from == names.name("p" + std::to_string(message.from)));
                      PARLEY_CHECK_IN_CHILD(message.number == next[from]++);
                  }
                  PARLEY_CHECK_IN_CHILD(!me.try_receive());
                  PARLEY_CHECK_IN_CHILD(!me.receive_for(short_wait));
                  PARLEY_CHECK_IN_CHILD(!me.receive_until(std::chrono::system_clock::now() - 1h));
                  constexpr std::size_t pools = C::payload::stays ? 2 * peers : 0;
                  PARLEY_CHECK_IN_CHILD(objects_with(names.part()).size() == 2 * peers + 1 + pools);
                  done.reach(1);
              }};
    std::list<child> senders;
    for (std::uint32_t number = 0; number < peers; ++number) {
        senders.emplace_back("sender", [&, number] {
            endpoint<C> me{names.name("p" + std::to_string(number))};
            for (std::uint32_t each = 0; each < count; ++each) {
                send_to(me, names.name("hub"), item::make(number, each));
            }
            PARLEY_CHECK_IN_CHILD(done.await(1));
        });
    }
    CHECK(hub.join_ok());
    for (auto& each : senders) {
        CHECK(each.join_ok());
    }
    CHECK(objects_with(names.part()) == std::vector<std::string>{});
}

TEST_CASE("direct, asymmetric: whoever waits for anybody sleeps, and a peer that was never heard of wakes it") {
    using C = on<shm>::c<direct>;
    const group<C> names{{"hub", "alice", "bob"}};
    steps ready;
    child hub{"hub", [&] {
                  endpoint<C> me{names.name("hub")};
                  ready.advance();
                  for (const char* expected : {"alice", "bob", "alice"}) {
                      const auto [from, message] = me.receive();
                      PARLEY_CHECK_IN_CHILD(from == names.name(expected));
                      ready.advance();
                  }
              }};
    REQUIRE(ready.await(1));
    endpoint<C> alice{names.name("alice")};
    endpoint<C> bob{names.name("bob")};
    for (auto* sender : {&alice, &bob, &alice}) {
        const int before = ready.at();
        CHECK(eventually([&] { return is_asleep(hub.pid()); }));
        sender->send(names.name("hub"), item::make(1, 1));
        CHECK(ready.await(before + 1));
    }
    CHECK(hub.join_ok());
}

TEST_CASE("direct: one link for each pair, however it is set up") {
    using C = on<shm>::c<direct>;
    const group<C> names{{"alice", "bob", "carol"}};
    endpoint<C> alice{names.name("alice")};
    endpoint<C> bob{names.name("bob")};
    endpoint<C> carol{names.name("carol")};
    CHECK(objects_with(names.part()).size() == 3);  // the homes
    alice.send(names.name("bob"), item::make(1, 1));
    CHECK(objects_with(names.part()).size() == 4);
    bob.send(names.name("alice"), item::make(2, 1));
    auto a_to_b = alice.link(names.name("bob"));
    auto b_to_a = bob.link(names.name("alice"));
    CHECK(objects_with(names.part()).size() == 4);
    a_to_b.send(item::make(1, 2));
    CHECK(bob.receive(names.name("alice")).number == 1);
    CHECK(b_to_a.receive().number == 2);
    CHECK(a_to_b.receive().number == 1);
    carol.send(names.name("alice"), item::make(3, 1));
    CHECK(objects_with(names.part()).size() == 5);
    const auto [from, message] = alice.receive();
    CHECK(from == names.name("carol"));
    CHECK(message.number == 1);
}

TEST_CASE("direct: a name belongs to one live process") {
    using C = on<shm>::c<direct>;
    const group<C> names{{"alice"}};
    steps step;
    child first{[&] {
        endpoint<C> me{names.name("alice")};
        step.reach(1);
        PARLEY_CHECK_IN_CHILD(step.await(2));
    }};
    REQUIRE(step.await(1));
    CHECK(thrown_by([&] { return endpoint<C>{names.name("alice")}; }) == errc::in_use);
    std::error_code code;
    const endpoint<C> refused{names.name("alice"), code};
    CHECK(code == errc::in_use);
    CHECK_FALSE(refused);
    step.reach(2);
    CHECK(first.join_ok());
    {
        endpoint<C> second{names.name("alice")};
        CHECK(second);
    }
    child third{[&] {
        endpoint<C> me{names.name("alice")};
        step.reach(3);
        for (;;) {
            ::pause();
        }
    }};
    REQUIRE(step.await(3));
    third.kill9();
    endpoint<C> fourth{names.name("alice")};
    CHECK(fourth);
}

TEST_CASE("direct: bad names, and a link with oneself, are refused") {
    using C = on<shm>::c<direct>;
    for (const auto& bad : {std::string{}, std::string{"a/b"}, std::string{"a~b"}, std::string(96, 'x')}) {
        INFO(bad);
        CHECK(thrown_by([&] { return endpoint<C>{bad}; }) == errc::invalid_name);
    }
    const group<C> names{{"alice"}};
    endpoint<C> alice{names.name("alice")};
    CHECK(thrown_by([&] { alice.send(names.name("alice"), item::make(1, 1)); }) == errc::invalid_name);
    CHECK(thrown_by([&] { alice.send("a~b", item::make(1, 1)); }) == errc::invalid_name);
    std::error_code code;
    CHECK_FALSE(alice.send("a~b", item::make(1, 1), code));
    CHECK(code == errc::invalid_name);
    CHECK_FALSE(alice.receive("a~b", code));
    CHECK(code == errc::invalid_name);
}

TEMPLATE_LIST_TEST_CASE("direct: a peer that is killed ends the wait, after what it had sent", "", waiting_duplex) {
    using C = TestType;
    INFO(C::describe());
    const group<C> names{{"alice", "bob"}};
    endpoint<C> alice{names.name("alice")};
    auto to_bob = alice.link(names.name("bob"));
    shared<std::atomic<std::int64_t>> died_at{0};
    constexpr std::uint32_t sent = rendezvous<C> || buffering_of<C>::capacity < 2 ? 0 : 2;
    const auto now = [] { return std::chrono::steady_clock::now().time_since_epoch().count(); };

    for (int round = 0; round < 2; ++round) {
        INFO("round " << round);
        // Waiting to receive.
        {
            steps step;
            child bob{"bob", [&] {
                          endpoint<C> me{names.name("bob")};
                          auto to_alice = me.link(names.name("alice"));
                          for (std::uint32_t number = 0; number < sent; ++number) {
                              put(to_alice, item::make(2, number));
                          }
                          step.reach(1);
                          for (;;) {
                              ::pause();
                          }
                      }};
            REQUIRE(step.await(1));
            for (std::uint32_t number = 0; number < sent; ++number) {
                CHECK(to_bob.receive().number == number);
            }
            const pid_t self = ::getpid();
            child killer{"killer", [&, victim = bob.pid()] {
                             PARLEY_CHECK_IN_CHILD(!receiver_sleeps<C> || eventually([&] { return is_asleep(self); }));
                             *died_at = now();
                             ::kill(victim, SIGKILL);
                         }};
            CHECK(thrown_by([&] { return to_bob.receive(); }) == errc::peer_died);
            std::cout << "peer's death noticed by a receiver after "
                      << std::chrono::duration<double, std::milli>(
                             std::chrono::steady_clock::duration(now() - *died_at))
                             .count()
                      << " ms\n";
            CHECK(killer.join_ok());
            bob.kill9();
            std::error_code code;
            CHECK_FALSE(to_bob.receive(code));
            CHECK(code == errc::peer_died);
        }
        // What it had sent counts, also when it is dead already.
        if constexpr (sent > 0) {
            steps step;
            child bob{"bob", [&] {
                          endpoint<C> me{names.name("bob")};
                          me.send(names.name("alice"), item::make(2, 77));
                          step.reach(1);
                          for (;;) {
                              ::pause();
                          }
                      }};
            REQUIRE(step.await(1));
            bob.kill9();
            CHECK(to_bob.receive().number == 77);
            CHECK(thrown_by([&] { return to_bob.receive(); }) == errc::peer_died);
        }
        // Waiting to send.
        if constexpr (sender_waits<C> && !unlimited<C>) {
            steps step;
            child bob{"bob", [&] {
                          endpoint<C> me{names.name("bob")};
                          auto to_alice = me.link(names.name("alice"));
                          step.reach(1);
                          for (;;) {
                              ::pause();
                          }
                      }};
            REQUIRE(step.await(1));
            while (to_bob.try_send(item::make(1, 1))) {
            }
            const pid_t self = ::getpid();
            child killer{"killer", [&, victim = bob.pid()] {
                             PARLEY_CHECK_IN_CHILD(!sender_sleeps<C> || eventually([&] { return is_asleep(self); }));
                             ::kill(victim, SIGKILL);
                         }};
            CHECK(thrown_by([&] { to_bob.send(item::make(1, 2)); }) == errc::peer_died);
            CHECK(killer.join_ok());
            bob.kill9();
            // Another one takes its place and finds what was sent to its name.
            child heir{"heir", [&] {
                           endpoint<C> me{names.name("bob")};
                           auto to_alice = me.link(names.name("alice"));
                           while (to_alice.try_receive()) {
                           }
                       }};
            CHECK(heir.join_ok());
        }
    }
}

TEST_CASE("direct: a batch on whose way a peer's death shows says how much of it was accepted") {
    using C = on<shm>::c<direct, bounded<4>, nonblocking>;
    // A side that polls looks for its peer at every 256th call in vain: here that is one before the batch, the second
    // part of the batch, for which there is no room, or a later one.
    for (const int vain : {254, 255, 256}) {
        const group<C> names{{"alice", "bob"}};
        endpoint<C> alice{names.name("alice")};
        auto to_bob = alice.link(names.name("bob"));
        child bob{"bob", [&] {
                      endpoint<C> me{names.name("bob")};
                      PARLEY_CHECK_IN_CHILD(me.try_send(names.name("alice"), item::make(2, 1)));
                      ::pause();
                  }};
        REQUIRE(eventually([&] { return to_bob.try_receive().has_value(); }));
        bob.kill9();
        std::error_code code;
        while (!to_bob.receive(code) && !code) {
        }
        CHECK(code == errc::peer_died);
        for (int poll = 0; poll < vain; ++poll) {
            CHECK_FALSE(to_bob.receive(code));
        }
        const std::vector<item> batch(8, item::make(1, 1));
        const auto accepted = to_bob.send(std::span<const item>{batch}, code);
        INFO(accepted << " accepted, " << code.message());
        CHECK((!code || code == errc::peer_died));
        endpoint<C> heir{names.name("bob")};
        auto to_alice = heir.link(names.name("alice"));
        std::size_t received = 0;
        while (to_alice.receive(code)) {
            ++received;
        }
        CHECK(received == accepted);
    }
}

TEMPLATE_LIST_TEST_CASE("direct: a peer that leaves closes the link, one that comes back opens it", "",
                        waiting_duplex) {
    using C = TestType;
    INFO(C::describe());
    const group<C> names{{"alice", "bob"}};
    endpoint<C> alice{names.name("alice")};
    auto to_bob = alice.link(names.name("bob"));
    for (int round = 0; round < 3; ++round) {
        INFO("round " << round);
        steps step;
        child bob{"bob", [&] {
                      endpoint<C> me{names.name("bob")};
                      auto to_alice = me.link(names.name("alice"));
                      step.reach(1);
                      put(to_alice, item::make(2, 5));
                      PARLEY_CHECK_IN_CHILD(step.await(2));
                      if constexpr (!rendezvous<C>) {
                          put(to_alice, item::make(2, 6));
                      }
                  }};
        REQUIRE(step.await(1));
        CHECK(to_bob.receive().number == 5);
        step.reach(2);
        if constexpr (!rendezvous<C>) {
            CHECK(to_bob.receive().number == 6);  // also if it has left already
        }
        CHECK(thrown_by([&] { return to_bob.receive(); }) == errc::closed);
        CHECK(bob.join_ok());
    }
}

TEST_CASE("direct: a peer that has not come yet is waited for") {
    using C = on<shm>::c<direct>;
    const group<C> names{{"alice", "bob"}};
    steps step;
    child alice{"alice", [&] {
                    endpoint<C> me{names.name("alice")};
                    PARLEY_CHECK_IN_CHILD(!me.receive_for(names.name("bob"), 300ms));  // several looks around
                    step.reach(1);
                    PARLEY_CHECK_IN_CHILD(me.receive(names.name("bob")).number == 1);
                }};
    REQUIRE(step.await(1));
    CHECK(eventually([&] { return is_asleep(alice.pid()); }));
    child bob{"bob", [&] {
                  endpoint<C> me{names.name("bob")};
                  me.send(names.name("alice"), item::make(2, 1));
              }};
    CHECK(bob.join_ok());
    CHECK(alice.join_ok());
}

TEST_CASE("direct: what was sent to a name waits for the process of that name") {
    using C = on<shm>::c<direct>;
    const group<C> names{{"alice", "bob"}};
    child alice{"alice", [&] {
                    endpoint<C> me{names.name("alice")};
                    for (std::uint32_t number = 0; number < 10; ++number) {
                        me.send(names.name("bob"), item::make(1, number));
                    }
                }};
    REQUIRE(alice.join_ok());
    child bob{"bob", [&] {
                  endpoint<C> me{names.name("bob")};
                  for (std::uint32_t number = 0; number < 10; ++number) {
                      const auto [from, message] = me.receive();
                      PARLEY_CHECK_IN_CHILD(from == names.name("alice"));
                      PARLEY_CHECK_IN_CHILD(message.number == number);
                  }
              }};
    CHECK(bob.join_ok());
    CHECK(objects_with(names.part()) == std::vector<std::string>{});
}

TEST_CASE("direct: removing an endpoint closes its links, wakes who waits, and a new one begins at once") {
    using C = on<shm>::c<direct>;
    const group<C> names{{"alice", "bob"}};
    steps step;
    child bob{"bob", [&] {
                  endpoint<C> me{names.name("bob")};
                  auto to_alice = me.link(names.name("alice"));
                  step.reach(1);
                  PARLEY_CHECK_IN_CHILD(thrown_by([&] { return to_alice.receive(); }) == errc::closed);
              }};
    child alice{"alice", [&] {
                    endpoint<C> me{names.name("alice")};
                    PARLEY_CHECK_IN_CHILD(step.await(1));
                    step.advance();
                    PARLEY_CHECK_IN_CHILD(thrown_by([&] { return me.receive(); }) == errc::closed);
                }};
    REQUIRE(step.await(2));
    CHECK(eventually([&] { return is_asleep(alice.pid()) && is_asleep(bob.pid()); }));
    CHECK(C::remove(names.name("alice")));
    CHECK(alice.join_ok());
    CHECK(bob.join_ok());
    CHECK_FALSE(C::remove(names.name("alice")));
    endpoint<C> again{names.name("alice")};
    again.send(names.name("bob"), item::make(1, 1));
}

TEST_CASE("direct: 64 links at one endpoint at a time, and the 65th is refused") {
    using C = on<shm>::c<direct, bounded<1>>;
    std::vector<std::string> members{"hub"};
    for (int number = 0; number < 66; ++number) {
        members.push_back("p" + std::to_string(number));
    }
    const group<C> names{members};
    endpoint<C> hub{names.name("hub")};
    std::list<endpoint<C>> peers;
    for (std::uint32_t number = 0; number < 64; ++number) {
        peers.emplace_back(names.name("p" + std::to_string(number)));
        peers.back().send(names.name("hub"), item::make(number, 0));
    }
    endpoint<C> one_more{names.name("p64")};
    CHECK(thrown_by([&] { one_more.send(names.name("hub"), item::make(64, 0)); }) == errc::too_many_participants);
    std::uint32_t seen = 0;
    while (hub.try_receive()) {
        ++seen;
    }
    CHECK(seen == 64);
}

TEMPLATE_LIST_TEST_CASE("direct, asymmetric: peers that left or were killed do not disturb receiving from others", "",
                        waiting_duplex) {
    using C = TestType;
    INFO(C::describe());
    const group<C> names{{"hub", "gone", "dead", "late"}};
    endpoint<C> hub{names.name("hub")};
    steps step;
    child gone{"gone", [&] {
                   endpoint<C> me{names.name("gone")};
                   send_to(me, names.name("hub"), item::make(1, 1));
               }};
    CHECK(hub.receive().first == names.name("gone"));
    CHECK(gone.join_ok());
    child dead{"dead", [&] {
                   endpoint<C> me{names.name("dead")};
                   send_to(me, names.name("hub"), item::make(1, 2));
                   step.reach(1);
                   for (;;) {
                       ::pause();
                   }
               }};
    CHECK(hub.receive().first == names.name("dead"));
    REQUIRE(step.await(1));
    dead.kill9();
    // Longer than any look at peers lies apart.
    for (int polls = 0; polls < 5000; ++polls) {
        REQUIRE_FALSE(hub.try_receive());
    }
    CHECK_FALSE(hub.receive_for(300ms));
    child late{"late", [&] {
                   endpoint<C> me{names.name("late")};
                   send_to(me, names.name("hub"), item::make(1, 3));
               }};
    CHECK(hub.receive().first == names.name("late"));
    CHECK(late.join_ok());
}

TEST_CASE("direct: over time an endpoint has links with any number of peers") {
    using C = on<shm>::c<direct, bounded<1>>;
    constexpr std::uint32_t many = 200;
    std::vector<std::string> members{"server"};
    for (std::uint32_t number = 0; number < many; ++number) {
        members.push_back("p" + std::to_string(number));
    }
    const group<C> names{members};
    child server{"server", [&] {
                     endpoint<C> me{names.name("server")};
                     for (std::uint32_t number = 0; number < many; ++number) {
                         const auto [from, message] = me.receive();
                         me.send(from, item::make(0, message.number + 1));
                     }
                 }};
    for (std::uint32_t number = 0; number < many; ++number) {
        endpoint<C> me{names.name("p" + std::to_string(number))};
        me.send(names.name("server"), item::make(1, number));
        REQUIRE(me.receive(names.name("server")).number == number + 1);
    }
    CHECK(server.join_ok());
    CHECK(objects_with(names.part()) == std::vector<std::string>{});
}

}  // namespace parley::conformance
