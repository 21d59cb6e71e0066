#include <atomic>
#include <cerrno>
#include <chrono>
#include <cstdint>
#include <cstdlib>
#include <iostream>
#include <list>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <system_error>
#include <thread>
#include <tuple>
#include <utility>
#include <vector>

#include <signal.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/types.h>

#include <parley/parley.hpp>
#include <parley/transport/rt_signal.hpp>

#include "conformance/check.hpp"
#include "conformance/compositions.hpp"
#include "conformance/venue.hpp"
#include "support/catch.hpp"

/// Real-time signals: messages of four bytes, between processes that name each other.

namespace parley::conformance {

/// What `item` is elsewhere, in four bytes.
struct small_item {
    std::uint32_t number : 20;
    std::uint32_t from : 4;
    std::uint32_t check : 8;

    [[nodiscard]] static constexpr small_item make(std::uint32_t from, std::uint32_t number) noexcept {
        return {number & 0xfffffU, from & 0xfU, seal(from & 0xfU, number) & 0xffU};
    }
    [[nodiscard]] constexpr bool sound() const noexcept { return check == seal(from, number); }

private:
    [[nodiscard]] static constexpr std::uint32_t seal(std::uint32_t from, std::uint32_t number) noexcept {
        return ((from << 20 | number) * 0x9e3779b9U) >> 24;
    }
};

template <class... Words>
using by_signal = channel<small_item, rt_signal, direct, Words...>;

using here = std::tuple<by_signal<>,                                                            //
                        by_signal<bounded<1>, sync<blocking, nonblocking>>,                     //
                        by_signal<bounded<3>, sync<nonblocking, blocking_on<futex>>>,           //
                        by_signal<bounded<4>, sync<blocking_on<spin>, blocking_on<condvar>>>,   //
                        by_signal<bounded<1024>, sync<blocking_on<futex>, blocking_on<spin>>>,  //
                        by_signal<unbounded>,                                                   //
                        by_signal<unbounded, nonblocking>>;

}  // namespace parley::conformance

// What holds between one sender and one receiver on every transport.
#define item small_item
#include "conformance/suites/one_way.hpp"
#undef item

namespace parley::conformance {

namespace {

using talk = by_signal<bounded<4>>;
using talk_at_once = by_signal<bounded<4>, nonblocking>;

/// Names of a group of processes that no other test uses.
template <class C>
class group {
public:
    explicit group(std::vector<std::string> members) : members_(std::move(members)) {}
    group(const group&) = delete;
    group& operator=(const group&) = delete;
    ~group() {
        for (const auto& each : members_) {
            std::error_code ignored;
            C::remove(name(each), ignored);
        }
    }
    [[nodiscard]] std::string name(const std::string& who) const { return base_ + "-" + who; }

private:
    std::string base_ = unique_name("signal");
    std::vector<std::string> members_;
};

[[noreturn]] void stay() {
    for (;;) {
        ::pause();
    }
}

/// Takes one message after the other until nothing comes. How many that were.
template <class In>
std::uint32_t drain(In& in) {
    std::error_code code;
    std::uint32_t count = 0;
    while (in.try_receive(code)) {
        ++count;
    }
    return count;
}

std::uint32_t fill(link<talk>& out) {
    std::uint32_t sent = 0;
    while (out.try_send(small_item::make(1, sent))) {
        ++sent;
    }
    return sent;
}

void report(const char* who, std::chrono::steady_clock::time_point died_at) {
    const std::chrono::duration<double, std::milli> took = std::chrono::steady_clock::now() - died_at;
    std::cout << "peer's death noticed by a " << who << " after " << took.count() << " ms\n";
}

}  // namespace

TEST_CASE("signals: a peer that is killed ends the wait, after what it had sent") {
    const group<talk> names{{"alice", "bob"}};
    endpoint<talk> alice{names.name("alice")};
    auto to_bob = alice.link(names.name("bob"));
    const pid_t self = ::getpid();
    shared<std::atomic<std::int64_t>> died_at{0};
    const auto kill_when_asleep = [&](pid_t victim) {
        PARLEY_CHECK_IN_CHILD(eventually([&] { return is_asleep(self); }));
        *died_at = std::chrono::steady_clock::now().time_since_epoch().count();
        ::kill(victim, SIGKILL);
    };
    const auto when = [&] {
        return std::chrono::steady_clock::time_point(std::chrono::steady_clock::duration(died_at->load()));
    };
    for (int round = 0; round < 3; ++round) {
        INFO("round " << round);
        steps step;
        child bob{"bob", [&] {
                      endpoint<talk> me{names.name("bob")};
                      me.send(names.name("alice"), small_item::make(2, 1));
                      me.send(names.name("alice"), small_item::make(2, 2));
                      step.reach(1);
                      stay();
                  }};
        REQUIRE(step.await(1));
        if (round == 2) {  // what it had sent counts, also when it is dead already
            bob.kill9();
        }
        CHECK(to_bob.receive().number == 1);
        CHECK(to_bob.receive().number == 2);
        if (round == 0) {
            child killer{"killer", [&] { kill_when_asleep(bob.pid()); }};
            CHECK(thrown_by([&] { return to_bob.receive(); }) == errc::peer_died);
            report("receiver", when());
            CHECK(killer.join_ok());
        } else if (round == 1) {
            CHECK(fill(to_bob) == 4);
            child killer{"killer", [&] { kill_when_asleep(bob.pid()); }};
            CHECK(thrown_by([&] { to_bob.send(small_item::make(1, 1)); }) == errc::peer_died);
            report("sender", when());
            CHECK(killer.join_ok());
        }
        bob.kill9();
        std::error_code code;
        CHECK_FALSE(to_bob.receive(code));
        CHECK(code == errc::peer_died);
    }
}

TEST_CASE("signals: a side that polls learns of its peer's death") {
    const group<talk_at_once> names{{"alice", "bob"}};
    endpoint<talk_at_once> alice{names.name("alice")};
    auto to_bob = alice.link(names.name("bob"));
    child bob{"bob", [&] {
                  endpoint<talk_at_once> me{names.name("bob")};
                  PARLEY_CHECK_IN_CHILD(me.send(names.name("alice"), small_item::make(2, 1)));
                  stay();
              }};
    REQUIRE(eventually([&] { return to_bob.receive().has_value(); }));
    bob.kill9();
    std::error_code code;
    REQUIRE(eventually([&] { return !to_bob.receive(code) && code; }));
    CHECK(code == errc::peer_died);
    REQUIRE(eventually([&] { return !to_bob.send(small_item::make(1, 1), code) && code; }));
    CHECK(code == errc::peer_died);
}

TEST_CASE("signals: a peer that has not come has no room, and a send waits for it, asleep") {
    const group<talk> names{{"alice", "bob"}};
    steps step;
    child alice{"alice", [&] {
                    endpoint<talk> me{names.name("alice")};
                    auto to_bob = me.link(names.name("bob"));
                    PARLEY_CHECK_IN_CHILD(!to_bob.try_send(small_item::make(1, 0)));
                    PARLEY_CHECK_IN_CHILD(!to_bob.send_for(small_item::make(1, 0), 250ms));
                    step.reach(1);
                    for (std::uint32_t number = 0; number < 10; ++number) {
                        to_bob.send(small_item::make(1, number));
                    }
                }};
    REQUIRE(step.await(1));
    REQUIRE(eventually([&] { return is_asleep(alice.pid()); }));
    endpoint<talk> bob{names.name("bob")};
    for (std::uint32_t number = 0; number < 10; ++number) {
        CHECK(bob.receive(names.name("alice")).number == number);
    }
    CHECK(alice.join_ok());
}

TEST_CASE("signals: a peer that leaves closes the link, and each that comes finds it empty and has room for N") {
    const group<talk> names{{"alice", "bob"}};
    endpoint<talk> alice{names.name("alice")};
    auto to_bob = alice.link(names.name("bob"));
    for (int round = 0; round < 4; ++round) {
        INFO("round " << round);
        steps step;
        child bob{"bob", [&] {
                      endpoint<talk> me{names.name("bob")};
                      auto to_alice = me.link(names.name("alice"));
                      step.reach(1);
                      PARLEY_CHECK_IN_CHILD(step.await(2));
                      PARLEY_CHECK_IN_CHILD(to_alice.receive().number == 0);
                      to_alice.send(small_item::make(2, 5));
                      step.reach(3);
                      PARLEY_CHECK_IN_CHILD(step.await(4));
                      if (round % 2 == 1) {
                          ::kill(::getpid(), SIGKILL);
                      }
                  }};
        REQUIRE(step.await(1));
        CHECK(fill(to_bob) == 4);
        step.reach(2);
        REQUIRE(step.await(3));
        CHECK(fill(to_bob) == 1);
        CHECK(to_bob.receive().number == 5);
        step.reach(4);
        CHECK(bob.join() == (round % 2 == 1 ? 128 + SIGKILL : 0));
        CHECK(thrown_by([&] { return to_bob.receive(); }) == (round % 2 == 1 ? errc::peer_died : errc::closed));
        CHECK(thrown_by([&] { to_bob.send(small_item::make(1, 9)); }) ==
              (round % 2 == 1 ? errc::peer_died : errc::closed));
    }
    // In one process, one after the other: what was sent to the first is for nobody.
    for (std::uint32_t round = 0; round < 3; ++round) {
        endpoint<talk> bob{names.name("bob")};
        auto to_alice = bob.link(names.name("alice"));
        CHECK(drain(to_alice) == 0);
        CHECK(fill(to_bob) == 4);
        CHECK(to_alice.receive().number == 0);
    }
}

TEST_CASE("signals: a new sender goes on where a dead one has ended") {
    const group<talk> names{{"alice", "bob"}};
    endpoint<talk> alice{names.name("alice")};
    auto from_bob = alice.link(names.name("bob"));
    for (int round = 0; round < 2; ++round) {
        child bob{"bob", [&] {
                      endpoint<talk> me{names.name("bob")};
                      me.send(names.name("alice"), small_item::make(2, 1));
                      me.send(names.name("alice"), small_item::make(2, 2));
                      ::kill(::getpid(), SIGKILL);
                  }};
        CHECK(bob.join() == 128 + SIGKILL);
    }
    child third{"bob", [&] {
                    endpoint<talk> me{names.name("bob")};
                    PARLEY_CHECK_IN_CHILD(!me.try_send(names.name("alice"), small_item::make(2, 3)));
                }};
    CHECK(third.join_ok());
    CHECK(drain(from_bob) == 4);
}

TEST_CASE("signals: 20 links at once in one process, each with its own messages, from one epoll loop") {
    constexpr std::uint32_t peers = 20;
    constexpr std::uint32_t count = 200;
    std::vector<std::string> members{"hub"};
    for (std::uint32_t number = 0; number < peers; ++number) {
        members.push_back("p" + std::to_string(number));
    }
    const group<talk> names{members};
    endpoint<talk> hub{names.name("hub")};
    const os::descriptor loop{::epoll_create1(EPOLL_CLOEXEC)};
    std::vector<link<talk>> links;
    for (std::uint32_t number = 0; number < peers; ++number) {
        links.push_back(hub.link(names.name(members[number + 1])));
        ::epoll_event event{};
        event.events = EPOLLIN;
        event.data.u32 = number;
        REQUIRE(::epoll_ctl(loop.get(), EPOLL_CTL_ADD, links.back().native_handle(), &event) == 0);
    }
    std::list<child> senders;
    for (std::uint32_t number = 0; number < peers; ++number) {
        senders.emplace_back("sender", [&, number] {
            endpoint<talk> me{names.name(members[number + 1])};
            auto to_hub = me.link(names.name("hub"));
            for (std::uint32_t each = 0; each < count; ++each) {
                to_hub.send(small_item::make(number, each));
            }
        });
    }
    std::vector<std::uint32_t> next(peers);
    for (std::uint32_t total = 0; total < peers * count;) {
        ::epoll_event event{};
        const int ready = ::epoll_wait(loop.get(), &event, 1, -1);
        if (ready < 0 && errno == EINTR) {
            continue;
        }
        REQUIRE(ready == 1);
        const auto from = event.data.u32;
        std::error_code code;
        while (const auto message = links[from].try_receive(code)) {
            PARLEY_REQUIRE(message->sound());
            PARLEY_REQUIRE(message->from == (from & 15));
            PARLEY_REQUIRE(message->number == next[from]);
            ++next[from];
            ++total;
        }
    }
    for (auto& each : senders) {
        CHECK(each.join_ok());
    }
    for (auto& each : links) {
        CHECK(drain(each) == 0);
    }
}

TEST_CASE("signals, asymmetric: the receiver learns who sent, and sleeps while nobody does") {
    const group<talk> names{{"hub", "p0", "p1", "p2", "p3"}};
    constexpr std::uint32_t count = 300;
    steps step;
    child hub{"hub", [&] {
                  endpoint<talk> me{names.name("hub")};
                  step.reach(1);
                  std::map<std::string, std::uint32_t> next;
                  for (std::uint32_t total = 0; total < 4 * count; ++total) {
                      const auto [from, message] = me.receive();
                      PARLEY_CHECK_IN_CHILD(from == names.name("p" + std::to_string(message.from)));
                      PARLEY_CHECK_IN_CHILD(message.number == next[from]++);
                  }
                  PARLEY_CHECK_IN_CHILD(!me.receive_for(short_wait));
              }};
    REQUIRE(step.await(1));
    CHECK(eventually([&] { return is_asleep(hub.pid()); }));
    std::list<child> senders;
    for (std::uint32_t number = 0; number < 4; ++number) {
        senders.emplace_back("sender", [&, number] {
            endpoint<talk> me{names.name("p" + std::to_string(number))};
            for (std::uint32_t each = 0; each < count; ++each) {
                me.send(names.name("hub"), small_item::make(number, each));
            }
        });
    }
    for (auto& each : senders) {
        CHECK(each.join_ok());
    }
    CHECK(hub.join_ok());
}

TEST_CASE("signals: threads of one process, each with an endpoint of its own, take none of each other's messages") {
    constexpr std::uint32_t threads = 3;
    constexpr std::uint32_t count = 1000;
    const group<talk> names{{"main", "a0", "a1", "a2", "b0", "b1", "b2"}};
    const auto answer = [&](std::uint32_t number) {
        endpoint<talk> me{names.name("b" + std::to_string(number))};
        auto to_a = me.link(names.name("a" + std::to_string(number)));
        for (std::uint32_t each = 0; each < count; ++each) {
            to_a.send(to_a.receive());
        }
        static_cast<void>(thrown_by([&] { return to_a.receive(); }));  // until it has left
    };
    const auto ask = [&](std::uint32_t number) {
        endpoint<talk> me{names.name("a" + std::to_string(number))};
        auto to_b = me.link(names.name("b" + std::to_string(number)));
        for (std::uint32_t each = 0; each < count; ++each) {
            to_b.send(small_item::make(number, each));
            const auto back = to_b.receive();
            PARLEY_CHECK_IN_CHILD(back.from == number && back.number == each);
        }
    };
    const auto many = [&](const auto& body) {
        endpoint<talk> first{names.name("main")};  // before the threads
        std::list<std::thread> running;
        for (std::uint32_t number = 0; number < threads; ++number) {
            running.emplace_back([&body, number] { body(number); });
        }
        for (auto& each : running) {
            each.join();
        }
    };
    child askers{"askers", [&] { many(ask); }};
    child first{"answerer", [&] { answer(0); }};
    child second{"answerer", [&] { answer(1); }};
    child third{"answerer", [&] { answer(2); }};
    CHECK(askers.join_ok());
    CHECK(first.join_ok());
    CHECK(second.join_ok());
    CHECK(third.join_ok());
}

TEST_CASE("signals: an endpoint beside a thread that would take its messages is refused, and says so") {
    child process{"process", [&] {
                      ::sigset_t own;  // which the test's process may have blocked long ago
                      ::sigemptyset(&own);
                      ::sigaddset(&own, transport::signal::number_of_links());
                      ::sigprocmask(SIG_UNBLOCK, &own, nullptr);
                      std::atomic<bool> done{false};
                      std::atomic<bool> up{false};
                      std::thread early{[&] {
                          up = true;
                          up.notify_one();
                          done.wait(false);
                      }};
                      up.wait(false);  // until then it blocks everything
                      std::error_code code;
                      const endpoint<talk> me{unique_name("signal"), code};
                      PARLEY_CHECK_IN_CHILD(code == errc::bad_state);
                      done = true;
                      done.notify_one();
                      early.join();
                      const auto name = unique_name("signal");
                      { const endpoint<talk> again{name}; }
                      talk::remove(name);
                  }};
    CHECK(process.join_ok());
}

TEST_CASE("signals: a process forked from one with links has its own, and disturbs nothing") {
    const group<talk> names{{"alice", "bob", "carol"}};
    auto alice = std::make_unique<endpoint<talk>>(names.name("alice"));
    auto to_bob = std::make_unique<link<talk>>(alice->link(names.name("bob")));
    endpoint<talk> bob{names.name("bob")};
    auto to_alice = bob.link(names.name("alice"));
    to_alice.send(small_item::make(1, 1));
    child carol{"carol", [&] {
                    to_bob.reset();  // copies of the parent's
                    alice.reset();
                    endpoint<talk> me{names.name("carol")};
                    PARLEY_CHECK_IN_CHILD(!me.try_receive());
                    me.send(names.name("bob"), small_item::make(3, 3));
                }};
    const auto [from, message] = bob.receive();
    CHECK(from == names.name("carol"));
    CHECK(message.number == 3);
    CHECK(carol.join_ok());
    to_alice.send(small_item::make(1, 2));
    CHECK(to_bob->receive().number == 1);
    CHECK(to_bob->receive().number == 2);
}

TEST_CASE("signals: what no peer has sent is dropped, and others go on") {
    const group<talk> names{{"alice", "bob"}};
    endpoint<talk> alice{names.name("alice")};
    auto to_bob = alice.link(names.name("bob"));
    const int number = transport::signal::number_of_links();
    child hostile{"hostile", [&, victim = ::getpid()] {
                      for (std::uint64_t round = 0; round < 100'000; ++round) {
                          ::sigval value{};
                          value.sival_ptr = reinterpret_cast<void*>(round * 0x9e3779b97f4a7c15U);
                          ::sigqueue(victim, number, value);
                          if (round % 1000 == 0) {
                              ::kill(victim, number);
                          }
                      }
                  }};
    child bob{"bob", [&] {
                  endpoint<talk> me{names.name("bob")};
                  for (std::uint32_t each = 0; each < 2000; ++each) {
                      me.send(names.name("alice"), small_item::make(2, each));
                  }
              }};
    for (std::uint32_t each = 0; each < 2000; ++each) {
        const auto message = to_bob.receive();
        PARLEY_REQUIRE(message.sound());
        PARLEY_REQUIRE(message.number == each);
    }
    CHECK(bob.join_ok());
    while (hostile.running()) {
        CHECK(drain(to_bob) == 0);
    }
    CHECK(hostile.join_ok());
    CHECK(drain(to_bob) == 0);
}

TEST_CASE("signals: the limit of a user's pending signals is told at opening, and met later is no room") {
    const group<talk> names{{"alice", "bob"}};
    child poor{"poor", [&] {
                   const ::rlimit three{3, 3};
                   PARLEY_CHECK_IN_CHILD(::setrlimit(RLIMIT_SIGPENDING, &three) == 0);
                   endpoint<talk> me{names.name("alice")};
                   try {
                       static_cast<void>(me.link(names.name("bob")));
                       PARLEY_CHECK_IN_CHILD(false);
                   } catch (const error& refused) {
                       PARLEY_CHECK_IN_CHILD(refused.code() == errc::no_space);
                       PARLEY_CHECK_IN_CHILD(std::string(refused.what()).find("ulimit -i") != std::string::npos);
                   }
               }};
    CHECK(poor.join_ok());
    steps step;
    child bob{"bob", [&] {
                  endpoint<talk> me{names.name("bob")};
                  auto to_alice = me.link(names.name("alice"));
                  ::rlimit none{};
                  PARLEY_CHECK_IN_CHILD(::getrlimit(RLIMIT_SIGPENDING, &none) == 0);
                  const auto before = none.rlim_cur;
                  none.rlim_cur = 0;
                  PARLEY_CHECK_IN_CHILD(::setrlimit(RLIMIT_SIGPENDING, &none) == 0);
                  step.reach(1);
                  PARLEY_CHECK_IN_CHILD(step.await(2));
                  none.rlim_cur = before;
                  PARLEY_CHECK_IN_CHILD(::setrlimit(RLIMIT_SIGPENDING, &none) == 0);
                  while (to_alice.receive().number != 9) {
                  }
                  to_alice.send(small_item::make(2, 1));
              }};
    REQUIRE(step.await(1));
    child alice{"alice", [&] {
                    endpoint<talk> me{names.name("alice")};
                    auto to_bob = me.link(names.name("bob"));
                    static_cast<void>(fill(to_bob));  // none, or one where the kernel counts from 0
                    PARLEY_CHECK_IN_CHILD(!to_bob.send_for(small_item::make(1, 1), short_wait));
                    step.reach(2);
                    to_bob.send(small_item::make(1, 9));
                    PARLEY_CHECK_IN_CHILD(to_bob.receive().number == 1);
                }};
    CHECK(alice.join_ok());
    CHECK(bob.join_ok());
}

// raw: programs that know nothing of parley.

namespace {

using port_of_signals = channel<std::int32_t, rt_signal, raw, port>;
using port_at_once = channel<std::int32_t, rt_signal, raw, port, nonblocking>;

[[nodiscard]] std::string name_of(pid_t process, const std::string& signal) {
    return std::to_string(process) + ":" + signal;
}

}  // namespace

TEST_CASE("raw signals: from the shell's kill and from python's sigqueue to a receiver") {
    receiver<port_of_signals> in{"SIGRTMIN+6"};
    const auto number = std::to_string(SIGRTMIN + 6);
    const auto self = std::to_string(::getpid());
    CHECK(std::system(("kill -s " + number + " " + self).c_str()) == 0);
    CHECK(in.receive() == 0);
    CHECK(std::system(("python3 -c 'import ctypes; libc = ctypes.CDLL(None)\n"
                       "for value in (77, -5): libc.sigqueue(" +
                       self + ", " + number + ", ctypes.c_void_p(value & 0xffffffff))'")
                          .c_str()) == 0);
    CHECK(in.receive() == 77);
    CHECK(in.receive() == -5);
    CHECK_FALSE(in.try_receive());
    CHECK_FALSE(in.receive_for(short_wait));
}

TEST_CASE("raw signals: many senders to one receiver, each in its order") {
    receiver<port_of_signals> in{"SIGRTMIN+6"};
    const auto name = name_of(::getpid(), "SIGRTMIN+6");
    std::list<child> senders;
    for (std::int32_t who = 0; who < 3; ++who) {
        senders.emplace_back("sender", [&, who] {
            sender<port_of_signals> out{name};
            for (std::int32_t each = 0; each < 1000; ++each) {
                out.send(who * 1000 + each);
            }
        });
    }
    std::vector<std::int32_t> next(3);
    for (int total = 0; total < 3000; ++total) {
        const auto value = in.receive();
        PARLEY_REQUIRE(value % 1000 == next.at(static_cast<std::size_t>(value / 1000))++);
    }
    for (auto& each : senders) {
        CHECK(each.join_ok());
    }
}

TEST_CASE("raw signals: to a program that waits with sigwaitinfo, which may end") {
    steps step;
    child foreign{"foreign", [&] {
                      ::sigset_t awaited;
                      ::sigemptyset(&awaited);
                      ::sigaddset(&awaited, SIGRTMIN + 7);
                      ::sigprocmask(SIG_BLOCK, &awaited, nullptr);
                      step.reach(1);
                      for (int value = 1; value <= 3; ++value) {
                          ::siginfo_t info{};
                          PARLEY_CHECK_IN_CHILD(::sigwaitinfo(&awaited, &info) == SIGRTMIN + 7);
                          PARLEY_CHECK_IN_CHILD(info.si_value.sival_int == value && info.si_pid == ::getppid());
                      }
                  }};
    REQUIRE(step.await(1));
    sender<port_at_once> out{name_of(foreign.pid(), "RTMIN+7")};
    for (std::int32_t value = 1; value <= 3; ++value) {
        CHECK(out.send(value));
    }
    CHECK(foreign.join_ok());
    CHECK(thrown_by([&] { return out.send(4); }) == errc::closed);
    CHECK(thrown_by([&] { return sender<port_at_once>{name_of(foreign.pid(), "RTMIN+7")}; }) == errc::not_found);
}

TEST_CASE("raw signals: a full queue is no room, and a sender's wait ends with the process that it waits for") {
    steps step;
    child foreign{"foreign", [&] {
                      const ::rlimit few{20, 20};
                      PARLEY_CHECK_IN_CHILD(::setrlimit(RLIMIT_SIGPENDING, &few) == 0);
                      transport::signal::block(SIGRTMIN + 7);
                      step.reach(1);
                      stay();
                  }};
    REQUIRE(step.await(1));
    sender<port_of_signals> out{name_of(foreign.pid(), "RTMIN+7")};
    std::int32_t accepted = 0;
    while (out.try_send(accepted)) {
        ++accepted;
    }
    CHECK(accepted <= 21);
    CHECK_FALSE(out.send_for(1, short_wait));
    const pid_t self = ::getpid();
    child killer{"killer", [&, victim = foreign.pid()] {
                     PARLEY_CHECK_IN_CHILD(eventually([&] { return is_asleep(self); }));
                     ::kill(victim, SIGKILL);
                 }};
    const auto send_for_ever = [&] {
        for (;;) {
            out.send(1);  // a process that is about to end still takes what it will not read
        }
    };
    CHECK(thrown_by([&] { send_for_ever(); }) == errc::closed);
    CHECK(killer.join_ok());
}

TEST_CASE("raw signals: names that say no signal, and signals that are taken, are refused") {
    for (const char* bad : {"", "orders", "9", "SIGTERM", "SIGRTMIN+99", "SIGRTMIN-1", "40x", "-40"}) {
        INFO(bad);
        CHECK(thrown_by([&] { return receiver<port_of_signals>{bad}; }) == errc::invalid_name);
    }
    for (const char* bad : {"", "1234", "0:40", ":40", "-1:40", "1234:", "1234:9", "SIGRTMIN+6"}) {
        INFO(bad);
        CHECK(thrown_by([&] { return sender<port_of_signals>{bad}; }) == errc::invalid_name);
    }
    CHECK(thrown_by([&] { return receiver<port_of_signals>{"SIGRTMIN+5"}; }) == errc::in_use);
    {
        const receiver<port_of_signals> in{"SIGRTMAX-1"};
        CHECK(thrown_by([&] { return receiver<port_of_signals>{"SIGRTMAX-1"}; }) == errc::in_use);
        child other{"other", [&] {
                        const receiver<port_of_signals> own{"SIGRTMAX-1"};
                        PARLEY_CHECK_IN_CHILD(own);
                    }};
        CHECK(other.join_ok());
    }
    const receiver<port_of_signals> again{"SIGRTMAX-1"};
    CHECK(again);
}

// What compiles.

static_assert(composable<std::int16_t, rt_signal, direct>);
static_assert(!composable<std::int64_t, rt_signal, direct>);
static_assert(!composable<bytes<4>, rt_signal, direct>);
static_assert(!composable<int, rt_signal>);
static_assert(!composable<int, rt_signal, port>);
static_assert(!composable<int, rt_signal, direct, zero>);
static_assert(!composable<int, rt_signal, direct, bounded_by_kernel>);
static_assert(!composable<int, rt_signal, direct, kernel_lifetime>);
static_assert(!composable<int, rt_signal, direct, raw, bounded_by_kernel>);
static_assert(composable<std::int16_t, rt_signal, port, raw, bounded_by_kernel>);
static_assert(!composable<bytes<4>, rt_signal, port, raw, bounded_by_kernel>);
static_assert(composable<int, rt_signal, port, raw>);
static_assert(!composable<int, rt_signal, port, raw, unbounded>);
static_assert(!composable<int, rt_signal, port, bounded_by_kernel>);
static_assert(!composable<int, rt_signal, mailbox, raw, bounded_by_kernel>);

}  // namespace parley::conformance
