#include <array>
#include <atomic>
#include <cstdint>
#include <list>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include <parley/parley.hpp>

#include "conformance/compositions.hpp"
#include "conformance/venue.hpp"
#include "support/catch.hpp"

/// Which receiver gets a message, and what becomes of one in the hands of a receiver that dies.

namespace parley::conformance {

namespace {

constexpr std::size_t most = 4;

struct tally {
    std::array<std::atomic<std::uint32_t>, most> received;
    std::array<std::atomic<std::uint32_t>, most> last;
    std::array<std::atomic<std::uint32_t>, 4096> by;  // which receiver got message n, plus 1
    std::atomic<std::uint32_t> total;
    std::atomic<bool> over;
};

/// Receives until it is over, and writes down what it got.
template <class C>
void serve(const venue<C>& place, tally& all, std::size_t self, const steps& attached) {
    auto in = place.receiver();
    attached.advance();
    while (!all.over) {
        std::optional<item> message;
        if constexpr (receiver_waits<C>) {
            message = in->receive_for(20ms);
        } else {
            message = in->try_receive();
            ::sched_yield();
        }
        if (message) {
            PARLEY_CHECK_IN_CHILD(message->sound());
            all.by[message->number] = static_cast<std::uint32_t>(self + 1);
            all.last[self] = message->number;
            all.received[self].fetch_add(1);
            all.total.fetch_add(1);
        }
    }
}

template <class C>
struct crew {
    explicit crew(const venue<C>& place, std::size_t count) {
        for (std::size_t self = 0; self < count; ++self) {
            hire(place, self);
        }
    }
    void hire(const venue<C>& place, std::size_t self) {
        const int before = attached.at();
        members.emplace_back("receiver " + std::to_string(self), [&, self] { serve(place, *all, self, attached); });
        REQUIRE(attached.await(before + 1));
    }
    void dismiss() {
        all->over = true;
        for (auto& each : members) {
            CHECK((each.join_ok() || killed.count(each.pid()) != 0));
        }
    }
    void kill(std::size_t index) {
        auto each = std::next(members.begin(), static_cast<std::ptrdiff_t>(index));
        killed.insert(each->pid());
        each->kill9();
    }

    shared<tally> all;
    steps attached;
    std::list<child> members;
    std::set<pid_t> killed;
};

}  // namespace

using round_robins =
    std::tuple<on<shm>::c<mailbox_by<round_robin>>,                                                     //
               on<shm>::c<mailbox_by<round_robin>, bounded<1>, sync<blocking_on<futex>, nonblocking>>,  //
               on<shm>::c<mailbox_by<round_robin, at_least_once>, unbounded, blocking_on<spin>>,        //
               on<shm>::c<mailbox_by<round_robin>, zero>,                                               //
               on<sysv_shm>::c<mailbox_by<round_robin>, bounded<3>>>;

TEMPLATE_LIST_TEST_CASE("round_robin: receivers take strict turns and get equal shares", "", round_robins) {
    using C = TestType;
    INFO(C::describe());
    constexpr std::uint32_t count = 300;
    venue<C> place;
    auto out = place.sender();
    crew<C> receivers{place, 3};
    for (std::uint32_t number = 0; number < count; ++number) {
        put(*out, item::make(1, number));
    }
    REQUIRE(eventually([&] { return receivers.all->total == count; }));
    for (std::size_t self = 0; self < 3; ++self) {
        CHECK(receivers.all->received[self] == count / 3);
    }
    for (std::uint32_t number = 3; number < count; ++number) {
        REQUIRE(receivers.all->by[number] == receivers.all->by[number - 3]);
    }
    CHECK(std::set<std::uint32_t>{receivers.all->by[0], receivers.all->by[1], receivers.all->by[2]}.size() == 3);
    receivers.dismiss();
}

TEMPLATE_LIST_TEST_CASE("round_robin: the turn passes one who was killed", "", round_robins) {
    using C = TestType;
    INFO(C::describe());
    for (std::size_t victim = 0; victim < 3; ++victim) {
        venue<C> place;
        auto out = place.sender();
        crew<C> receivers{place, 3};
        put(*out, item::make(1, 0));
        REQUIRE(eventually([&] { return receivers.all->total == 1; }));
        receivers.kill(victim);
        for (std::uint32_t number = 1; number <= 20; ++number) {
            put(*out, item::make(1, number));
        }
        REQUIRE(eventually([&] { return receivers.all->total == 21; }));
        for (std::size_t self = 0; self < 3; ++self) {
            if (self != victim) {
                CHECK(receivers.all->received[self] >= 10);
            }
        }
        receivers.dismiss();
    }
}

TEMPLATE_LIST_TEST_CASE("round_robin: the turn passes one who leaves, and comes round to one who joins", "",
                        round_robins) {
    using C = TestType;
    INFO(C::describe());
    venue<C> place;
    auto out = place.sender();
    crew<C> receivers{place, 1};
    {
        child guest{[&] { auto in = place.receiver(); }};
        CHECK(guest.join_ok());
    }
    for (std::uint32_t number = 0; number < 10; ++number) {
        put(*out, item::make(1, number));
    }
    REQUIRE(eventually([&] { return receivers.all->total == 10; }));
    CHECK(receivers.all->received[0] == 10);
    receivers.hire(place, 1);
    for (std::uint32_t number = 10; number < 30; ++number) {
        put(*out, item::make(1, number));
    }
    REQUIRE(eventually([&] { return receivers.all->total == 30; }));
    CHECK(receivers.all->received[0] == 20);
    CHECK(receivers.all->received[1] == 10);
    receivers.dismiss();
}

using exclusives = std::tuple<on<shm>::c<mailbox_by<exclusive>>,                                                //
                              on<shm>::c<mailbox_by<exclusive, at_least_once>, unbounded, blocking_on<futex>>,  //
                              on<shm>::c<mailbox_by<exclusive>, bounded<1>, nonblocking>,                       //
                              on<shm>::c<mailbox_by<exclusive>, zero>,                                          //
                              on<shm>::c<mailbox_by<exclusive>, zero, sync<nonblocking, blocking_on<spin>>>>;

TEMPLATE_LIST_TEST_CASE("round_robin: after the end any receiver gets what is left, whoever's turn it is", "",
                        round_robins) {
    using C = TestType;
    INFO(C::describe());
    if constexpr (rendezvous<C>) {
        SUCCEED("nothing is ever in it");
    } else {
        for (const bool first : {true, false}) {
            venue<C> place;
            auto out = place.sender();
            auto one = place.receiver();
            auto other = place.receiver();
            const auto sent = send_up_to(3, *out);
            REQUIRE(sent >= 1);
            REQUIRE(C::remove(place.name()));
            auto& in = first ? one : other;
            std::error_code code;
            std::uint32_t next = 0;
            while (const auto message = in->try_receive(code)) {
                CHECK(message->number == next++);
            }
            CHECK(next == sent);
            CHECK(code == errc::closed);
        }
    }
}

TEMPLATE_LIST_TEST_CASE("exclusive: one receiver gets everything until it leaves or is killed, then another does", "",
                        exclusives) {
    using C = TestType;
    INFO(C::describe());
    venue<C> place;
    auto out = place.sender();
    crew<C> receivers{place, 3};
    std::uint32_t number = 0;
    const auto send_some = [&] {
        for (int each = 0; each < 20; ++each) {
            put(*out, item::make(1, number++));
        }
        REQUIRE(eventually([&] { return receivers.all->total == number; }));
    };
    std::set<std::size_t> dead;
    for (int round = 0; round < 3; ++round) {
        const auto first = number;
        send_some();
        const auto holder = receivers.all->by[first].load();
        for (auto each = first; each < number; ++each) {
            REQUIRE(receivers.all->by[each] == holder);
        }
        REQUIRE(holder >= 1);
        CHECK(dead.insert(holder - 1).second);
        if (round < 2) {
            receivers.kill(holder - 1);
        }
    }
    receivers.dismiss();

    // And in good order.
    crew<C> next{place, 1};
    put(*out, item::make(1, 1));
    REQUIRE(eventually([&] { return next.all->total == 1; }));
    next.hire(place, 1);
    put(*out, item::make(1, 2));
    REQUIRE(eventually([&] { return next.all->total == 2; }));
    CHECK(next.all->received[0] == 2);
    next.dismiss();
    next.all->over = false;
    next.hire(place, 2);
    put(*out, item::make(1, 3));
    REQUIRE(eventually([&] { return next.all->total == 3; }));
    CHECK(next.all->received[2] == 1);
    next.dismiss();
}

using keepers = std::tuple<on<shm>::c<mailbox_by<at_least_once>>,                                            //
                           on<shm>::c<mailbox_by<at_least_once>, bounded<1>, blocking_on<futex>>,            //
                           on<shm>::c<mailbox_by<at_least_once>, unbounded, sync<blocking, nonblocking>>,    //
                           on<shm>::c<mailbox_by<at_least_once, round_robin>, bounded<3>>,                   //
                           on<shm>::c<mailbox_by<at_least_once, exclusive>, bounded<3>, blocking_on<spin>>,  //
                           on<mapped_file>::c<mailbox_by<at_least_once>, bounded<3>>,                        //
                           on<anonymous_shm>::c<mailbox_by<at_least_once>, bounded<3>>>;

TEMPLATE_LIST_TEST_CASE("at_least_once: a message in the hands of a killed receiver is given to another", "", keepers) {
    using C = TestType;
    INFO(C::describe());
    venue<C> place;
    auto out = place.sender();
    for (int victims = 1; victims <= 3; ++victims) {
        steps holding;
        const auto number = static_cast<std::uint32_t>(victims);
        put(*out, item::make(1, number));
        for (int each = 0; each < victims; ++each) {  // handed on from one victim to the next
            child victim{"victim", [&] {
                             auto in = place.receiver();
                             for (;;) {
                                 if (auto held = in->try_take()) {
                                     PARLEY_CHECK_IN_CHILD((*held)->number == number);
                                     holding.advance();
                                     for (;;) {
                                         ::pause();
                                     }
                                 }
                             }
                         }};
            REQUIRE(holding.await(each + 1));
            victim.kill9();
        }
        auto in = place.receiver();
        std::optional<item> message;
        REQUIRE(eventually([&] { return (message = in->try_receive()).has_value(); }));
        CHECK(message->sound());
        CHECK(message->number == number);
        CHECK_FALSE(in->try_receive());
        // And the place in the buffer is free again.
        put(*out, item::make(1, 100));
        REQUIRE(eventually([&] { return (message = in->try_receive()).has_value(); }));
        CHECK(message->number == 100);
    }
}

TEST_CASE("at_least_once: a receiver that waits gets the message of one that is killed meanwhile") {
    using C = on<shm>::c<mailbox_by<at_least_once>>;
    venue<C> place;
    auto out = place.sender();
    steps step;
    child victim{"victim", [&] {
                     auto in = place.receiver();
                     auto held = in->take();
                     step.reach(1);
                     for (;;) {
                         ::pause();
                     }
                 }};
    out->send(item::make(1, 7));
    REQUIRE(step.await(1));
    child heir{"heir", [&] {
                   auto in = place.receiver();
                   step.reach(2);
                   PARLEY_CHECK_IN_CHILD(in->receive().number == 7);
               }};
    REQUIRE(step.await(2));
    CHECK(eventually([&] { return is_asleep(heir.pid()); }));
    victim.kill9();
    CHECK(heir.join_ok());
}

using forgetters = std::tuple<on<shm>::c<>,                                     //
                              on<shm>::c<bounded<1>, blocking_on<futex>>,       //
                              on<shm>::c<unbounded, nonblocking>,               //
                              on<shm>::c<mailbox_by<round_robin>, bounded<3>>,  //
                              on<shm>::c<mailbox_by<exclusive>, bounded<1>, blocking_on<spin>>>;

TEMPLATE_LIST_TEST_CASE("at_most_once: a message in the hands of a killed receiver goes with it, and only that", "",
                        forgetters) {
    using C = TestType;
    INFO(C::describe());
    venue<C> place;
    auto out = place.sender();
    steps holding;
    put(*out, item::make(1, 1));
    child victim{"victim", [&] {
                     auto in = place.receiver();
                     for (;;) {
                         if (auto held = in->try_take()) {
                             holding.advance();
                             for (;;) {
                                 ::pause();
                             }
                         }
                     }
                 }};
    REQUIRE(holding.await(1));
    victim.kill9();
    // Its place in the buffer is free again: twice the capacity goes through.
    constexpr std::uint32_t count = unlimited<C> ? 100 : 2 * static_cast<std::uint32_t>(buffering_of<C>::capacity);
    child receiver{"receiver", [&] {
                       auto in = place.receiver();
                       for (std::uint32_t number = 2; number < 2 + count; ++number) {
                           PARLEY_CHECK_IN_CHILD(get(*in).number == number);
                       }
                       PARLEY_CHECK_IN_CHILD(!in->try_receive());
                   }};
    for (std::uint32_t number = 2; number < 2 + count; ++number) {
        put(*out, item::make(1, number));
    }
    CHECK(receiver.join_ok());
}

TEST_CASE("any: every receiver that is there gets messages, and a message once") {
    using C = on<shm>::c<bounded<1>>;
    venue<C> place;
    auto out = place.sender();
    crew<C> receivers{place, 3};
    std::uint32_t number = 0;
    // Who comes first takes it, so shares are not promised; but none is shut out for ever.
    REQUIRE(eventually([&] {
        out->send(item::make(1, number++ % 4096));
        return receivers.all->received[0] > 0 && receivers.all->received[1] > 0 && receivers.all->received[2] > 0;
    }));
    REQUIRE(eventually([&] { return receivers.all->total == number; }));
    receivers.dismiss();
}

}  // namespace parley::conformance
