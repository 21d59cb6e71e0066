#include <atomic>
#include <csignal>
#include <cstdint>
#include <list>
#include <optional>
#include <system_error>
#include <tuple>
#include <utility>

#include <unistd.h>

#include <parley/parley.hpp>

#include "conformance/check.hpp"
#include "conformance/compositions.hpp"
#include "conformance/venue.hpp"
#include "support/catch.hpp"

/// What a child inherits with fork, and what not.

namespace parley::conformance {

using inherited = std::tuple<on<shm>::c<bounded<3>, owner_lifetime>, on<shm>::c<bounded<3>, parley::map>>;

TEMPLATE_LIST_TEST_CASE("a child that destroys what it inherited does not detach its parent's", "", inherited) {
    using C = TestType;
    venue<C> place;
    std::optional<sender<C>> out{place.name()};
    std::optional<receiver<C>> in{place.name()};
    child heir{[&] {
        out.reset();
        in.reset();
    }};
    CHECK(heir.join_ok());
    out->send(item::make(1, 1));
    CHECK(in->receive().number == 1);
    CHECK(sender<C>{open_only, place.name()});
}

TEST_CASE("a child that destroys what it inherited does not detach its parent's endpoint") {
    using C = on<shm>::c<direct, bounded<3>>;
    venue<C> place;
    auto alice = std::optional{place.sender()};
    auto bob = std::optional{place.receiver()};
    child heir{[&] {
        alice.reset();
        bob.reset();
    }};
    CHECK(heir.join_ok());
    (*alice)->send(item::make(1, 1));
    CHECK((*bob)->receive().number == 1);
    CHECK_FALSE((*bob)->receive_for(short_wait));  // alice lives
}

using lent_or_held =
    std::tuple<on<shm>::c<bounded<3>>, on<shm>::c<unbounded>, on<shm>::c<direct, bounded<3>>,
               on<shm>::c<bounded<3>, parley::map>, on<shm>::c<bounded<3>, map_by<many_segments>>,
               on<shm>::c<direct, bounded<3>, parley::map>, on<unix_seqpacket>::c<direct, bounded<3>, parley::map>,
               on<mqueue>::c<port, parley::map>>;

TEMPLATE_LIST_TEST_CASE("a child that destroys what its parent has lent or holds leaves it to the parent", "",
                        lent_or_held) {
    using C = TestType;
    const about composition{C::describe()};
    venue<C> place;
    auto in = place.receiver();
    auto out = place.sender();
    out->send(item::make(1, 1));
    auto held = std::optional{in->take()};
    auto lent = std::optional{out->loan()};
    **lent = item::make(1, 2);
    child heir{[&] {
        held.reset();
        lent.reset();
    }};
    PARLEY_REQUIRE(heir.join_ok());
    out->send(std::move(*lent));
    for (std::uint32_t number = 3; out->try_send(item::make(1, number)) && number < 300; ++number) {
    }
    PARLEY_REQUIRE((*held)->sound());
    PARLEY_REQUIRE((*held)->number == 1);
    held.reset();
    for (const std::uint32_t number : {2U, 3U}) {
        const auto message = in->receive();
        PARLEY_REQUIRE(message.sound());
        PARLEY_REQUIRE(message.number == number);
    }
}

TEST_CASE("a child that never touches the channel keeps its dead parent's place no longer than it lives") {
    using C = on<shm>::c<port, bounded<1>>;
    venue<C> place;
    steps step;
    shared<std::atomic<pid_t>> grandchild{0};
    child owner{[&] {
        auto in = place.receiver();
        child bystander{[&] {
            test::outlive_parent();
            grandchild->store(::getpid());
            step.reach(1);
            for (;;) {
                ::pause();
            }
        }};
        for (;;) {
            ::pause();
        }
    }};
    REQUIRE(step.await(1));
    owner.kill9();
    CHECK(thrown_by([&] { return place.receiver(); }) == errc::in_use);  // documented: fork shares the lock
    child waiting{[&] {
        auto out = place.sender();
        out->send(item::make(1, 1));
        step.reach(2);
        PARLEY_CHECK_IN_CHILD(thrown_by([&] { out->send(item::make(1, 2)); }) == errc::peer_died);
    }};
    REQUIRE(step.await(2));
    CHECK(eventually([&] { return is_asleep(waiting.pid()); }));
    ::kill(grandchild->load(), SIGKILL);
    CHECK(waiting.join_ok());
    CHECK(eventually([&] { return thrown_by([&] { return place.receiver(); }) == errc{}; }));
}

TEST_CASE("what a parent leaves in good order is free at once, whatever children live on") {
    using P = on<shm>::c<port, bounded<1>>;
    using D = on<shm>::c<direct, bounded<3>>;
    using M = on<shm>::c<bounded<1>>;
    venue<P> port_place;
    venue<D> direct_place;
    venue<M> mailbox_place;
    steps step;
    auto port_in = std::optional{port_place.receiver()};
    auto alice = std::optional{direct_place.sender()};
    std::optional<sender<M>> out{mailbox_place.name()};
    child bystander{[&] {
        step.reach(1);
        for (;;) {
            ::pause();
        }
    }};
    REQUIRE(step.await(1));
    port_in.reset();
    CHECK(parley::receiver<P>{create_only, port_place.name()});
    auto bob = direct_place.receiver();
    (*alice)->send(item::make(1, 1));
    alice.reset();
    CHECK(bob->receive().number == 1);
    CHECK(thrown_by([&] { return bob->receive(); }) == errc::closed);
    auto alice_again = direct_place.sender();  // the name is free
    alice_again->send(item::make(1, 2));
    CHECK(bob->receive().number == 2);
    std::list<child> bystanders;
    for (int round = 0; round < 70; ++round) {  // and so is a place in a mailbox, of which there are 64
        bystanders.emplace_back([] {
            for (;;) {
                ::pause();
            }
        });
        out.reset();
        out.emplace(mailbox_place.name());
    }
    CHECK(bystander.running());
}

TEST_CASE("a child makes its own ends beside what it inherited") {
    using C = on<shm>::c<>;
    venue<C> place;
    auto out = place.sender();
    auto in = place.receiver();
    child heir{[&] {
        auto own = place.sender();
        own->send(item::make(2, 1));
    }};
    CHECK(heir.join_ok());
    CHECK(in->receive().from == 2);
    out->send(item::make(1, 1));
    CHECK(in->receive().from == 1);
}

}  // namespace parley::conformance
