#include <chrono>
#include <csignal>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <list>
#include <memory>
#include <optional>
#include <string>
#include <system_error>
#include <tuple>
#include <utility>
#include <vector>

#include <unistd.h>

#include <parley/parley.hpp>

#include "conformance/check.hpp"
#include "conformance/compositions.hpp"
#include "conformance/peer_gone.hpp"
#include "conformance/pools.hpp"
#include "conformance/venue.hpp"
#include "support/catch.hpp"

/// `direct` with `map`: a pool for each direction of each link, which comes and goes with what is in it; or over
/// connections, with each of these.

namespace parley::conformance {

namespace {

template <class Transport, class... Words>
using pages = channel<page, Transport, direct, parley::map, Words...>;

/// Each way in which an endpoint gets at the messages of anybody; there is room for more than a small pool has pages.
using with_room = std::tuple<pages<shm, bounded<64>>,                //
                             pages<sysv_shm, bounded<64>>,           //
                             pages<mqueue, bounded<10>>,             //
                             pages<sysv_mqueue, bounded<64>>,        //
                             pages<fifo, bounded<16>>,               //
                             pages<unix_stream, bounded<64>>,        //
                             pages<unix_seqpacket, unbounded>,       //
                             pages<shm, unbounded, owner_lifetime>,  //
                             pages<mapped_file, owner_lifetime>>;
using everywhere = joined<with_room, std::tuple<pages<shm, zero>, pages<fifo, zero>, pages<unix_stream, zero>,
                                                channel<page, shm, direct, map_by<many_segments>, bounded<64>>>>;

/// Two names that no other test uses, and nothing of them at the end.
template <class C>
struct couple {
    std::string alice = fresh_name<C>("map-direct") + "-a";
    std::string bob = fresh_name<C>("map-direct") + "-b";

    couple() = default;
    couple(const couple&) = delete;
    couple& operator=(const couple&) = delete;
    ~couple() {
        std::error_code ignored;
        C::remove(alice, ignored);
        C::remove(bob, ignored);
    }

    [[nodiscard]] bool has_pools() const { return pool_exists<C>(alice, bob) || pool_exists<C>(bob, alice); }
};

}  // namespace

TEMPLATE_LIST_TEST_CASE("map, direct: written and read in place, both ways, and nothing is left behind", "",
                        everywhere) {
    using C = TestType;
    const about composition{C::describe()};
    const couple<C> names;
    constexpr std::uint64_t count = 300;
    child bob{"bob", [&] {
                  endpoint<C> me{names.bob};
                  auto alice = me.link(names.alice);
                  for (std::uint64_t number = 0; number < count; ++number) {
                      auto lent = alice.loan();
                      lent->number = 0;
                      {
                          const auto held = alice.take();
                          PARLEY_CHECK_IN_CHILD(held->number == number);
                          lent->number = held->number + 1000;
                      }
                      alice.send(std::move(lent));
                  }
              }};
    {
        endpoint<C> me{names.alice};
        auto to_bob = me.link(names.bob);
        for (std::uint64_t number = 0; number < count; ++number) {
            auto lent = to_bob.loan();
            lent->number = number;
            to_bob.send(std::move(lent));
            PARLEY_REQUIRE(to_bob.take()->number == number + 1000);
        }
        PARLEY_REQUIRE((names.has_pools() != payload::by_connection<C>));
        PARLEY_REQUIRE(bob.join_ok());
    }
    PARLEY_REQUIRE(!names.has_pools());
}

TEMPLATE_LIST_TEST_CASE("map, direct: who waits for a block is told that the peer has gone", "", with_room) {
    using C = TestType;
    const about composition{C::describe()};
    for (const bool killed : {true, false}) {
        const couple<C> names;
        endpoint<C> me{names.alice, small_pool};
        auto to_bob = me.link(names.bob);
        steps step;
        child bob{"bob", [&] {
                      endpoint<C> peer{names.bob, small_pool};
                      auto alice = peer.link(names.alice);
                      alice.send(numbered(1));
                      step.reach(1);
                      PARLEY_CHECK_IN_CHILD(step.await(2));
                  }};
        PARLEY_REQUIRE(to_bob.receive().number == 1);
        PARLEY_REQUIRE(step.await(1));
        while (to_bob.try_send(numbered(0))) {
        }
        goes_while_asleep(bob, killed, step, [&] { to_bob.send(numbered(2)); });
    }
}

TEMPLATE_LIST_TEST_CASE("map, direct: from anybody, with what lies in the pools of each", "", everywhere) {
    using C = TestType;
    const about composition{C::describe()};
    constexpr std::uint64_t peers = 3;
    constexpr std::uint64_t count = 100;
    const couple<C> names;
    std::list<child> senders;
    for (std::uint64_t peer = 0; peer < peers; ++peer) {
        senders.emplace_back("sender", [&, peer] {
            endpoint<C> me{names.alice + std::to_string(peer), small_pool};
            auto to_bob = me.link(names.bob);
            for (std::uint64_t number = 0; number < count; ++number) {
                to_bob.send(numbered(peer << 32 | number));
            }
            PARLEY_CHECK_IN_CHILD(to_bob.receive().number == count);
        });
    }
    {
        endpoint<C> me{names.bob};
        std::vector<std::uint64_t> next(peers);
        for (std::uint64_t total = 0; total < peers * count; ++total) {
            const auto [from, message] = me.receive();
            const auto peer = message.number >> 32;
            PARLEY_REQUIRE(from == names.alice + std::to_string(peer));
            PARLEY_REQUIRE((message.number & 0xffffffff) == next[peer]++);
        }
        for (std::uint64_t peer = 0; peer < peers; ++peer) {
            me.send(names.alice + std::to_string(peer), numbered(count));
        }
        for (auto& each : senders) {
            PARLEY_REQUIRE(each.join_ok());
        }
    }
    for (std::uint64_t peer = 0; peer < peers; ++peer) {
        const auto other = names.alice + std::to_string(peer);
        PARLEY_REQUIRE(!pool_exists<C>(other, names.bob));
        PARLEY_REQUIRE(!pool_exists<C>(names.bob, other));
        C::remove(other);
    }
}

TEST_CASE("map, direct: whoever holds a message receives from anybody afterwards") {
    using C = pages<shm, bounded<4>>;
    const couple<C> names;
    endpoint<C> alice{names.alice};
    endpoint<C> bob{names.bob};
    alice.send(names.bob, numbered(1));
    alice.send(names.bob, numbered(2));
    {
        auto link = bob.link(names.alice);
        const auto held = link.take();
        CHECK(held->number == 1);
        CHECK(thrown_by([&] { static_cast<void>(bob.receive()); }) == errc::bad_state);
        CHECK(thrown_by([&] { static_cast<void>(bob.receive(names.alice)); }) == errc::bad_state);
    }
    CHECK(bob.receive().second.number == 2);
}

TEST_CASE("map, direct: what a sender left behind is there for the one who comes later, with its pool") {
    using C = pages<shm, bounded<4>>;
    const couple<C> names;
    child alice{"alice", [&] {
                    endpoint<C> me{names.alice};
                    me.send(names.bob, numbered(1));
                    me.send(names.bob, numbered(2));
                }};
    REQUIRE(alice.join_ok());
    CHECK(pool_exists<C>(names.alice, names.bob));
    CHECK(!pool_exists<C>(names.bob, names.alice));
    {
        endpoint<C> bob{names.bob};
        const auto [from, message] = bob.receive();
        CHECK(from == names.alice);
        CHECK(message.number == 1);
        CHECK(bob.receive(names.alice).number == 2);
    }
    CHECK(!names.has_pools());
    CHECK(left_of(names.alice).empty());
}

TEST_CASE("map, direct: an endpoint that is removed takes its pools along, and its links are made anew") {
    using C = pages<shm, bounded<4>>;
    const couple<C> names;
    endpoint<C> alice{names.alice};
    alice.send(names.bob, numbered(1));
    {
        endpoint<C> bob{names.bob};
        CHECK(bob.receive(names.alice).number == 1);
        auto old = alice.link(names.bob);
        CHECK(C::remove(names.bob));
        CHECK(!names.has_pools());
        CHECK(thrown_by([&] { old.send(numbered(2)); }) == errc::closed);
    }
    alice.send(names.bob, numbered(3));
    endpoint<C> next{names.bob};
    CHECK(next.receive(names.alice).number == 3);
}

TEMPLATE_LIST_TEST_CASE("map, direct: blocks that died with a sender come back", "", everywhere) {
    using C = TestType;
    const about composition{C::describe()};
    const couple<C> names;
    endpoint<C> me{names.bob};
    for (std::uint64_t round = 0; round < 2 * pages_in_pool; ++round) {
        steps step;
        child alice{"alice", [&] {
                        endpoint<C> peer{names.alice, small_pool};
                        auto to_bob = peer.link(names.bob);
                        const auto lent = to_bob.loan();
                        step.reach(1);
                        for (;;) {
                            ::pause();
                        }
                    }};
        PARLEY_REQUIRE(step.await(1));
        alice.kill9();
    }
    child alice{"alice", [&] {
                    endpoint<C> peer{names.alice, small_pool};
                    auto to_bob = peer.link(names.bob);
                    for (std::uint64_t number = 0; number < 3 * pages_in_pool; ++number) {
                        to_bob.send(numbered(number));
                    }
                    static_cast<void>(to_bob.receive());
                }};
    for (std::uint64_t number = 0; number < 3 * pages_in_pool; ++number) {
        PARLEY_REQUIRE(me.receive().second.number == number);
    }
    me.send(names.alice, numbered(0));
    PARLEY_REQUIRE(alice.join_ok());
}

TEST_CASE("map, direct: over time an endpoint has any number of peers, and no more pools than it needs") {
    using C = pages<fifo, bounded<4>>;
    const couple<C> names;
    endpoint<C> me{names.bob};
    for (int number = 0; number < 80; ++number) {
        const auto name = names.alice + std::to_string(number);
        {
            endpoint<C> peer{name, small_pool};
            peer.send(names.bob, numbered(7));
            CHECK(me.receive().first == name);
        }
        CHECK(left_of(names.alice).size() <= 4 * 33);  // a home, a link, two pools
    }
    for (int number = 0; number < 40; ++number) {  // the same with peers that are killed with a block in hand
        const auto name = names.alice + std::to_string(number);
        steps step;
        child dies{"peer", [&] {
                       endpoint<C> peer{name, small_pool};
                       auto to_bob = peer.link(names.bob);
                       to_bob.send(numbered(8));
                       const auto lent = to_bob.loan();
                       step.reach(1);
                       for (;;) {
                           ::pause();
                       }
                   }};
        REQUIRE(step.await(1));
        CHECK(me.receive().first == name);
        dies.kill9();
        CHECK(left_of(names.alice).size() <= 4 * 34);
    }
}

TEST_CASE("map, direct: with owner_lifetime what nobody has received goes with the link") {
    using C = pages<shm, bounded<4>, owner_lifetime>;
    const couple<C> names;
    for (int round = 0; round < 3; ++round) {
        endpoint<C> alice{names.alice, small_pool};
        for (std::uint64_t number = 0; number < 4; ++number) {
            CHECK(alice.try_send(names.bob, numbered(number)));
        }
        CHECK(pool_exists<C>(names.alice, names.bob));
    }
    CHECK(!names.has_pools());
    CHECK(left_of(names.alice).empty());
}

TEST_CASE("map, direct: who does not wait is told, too, that only a peer that has gone could give a block back") {
    using C = pages<shm, bounded<64>, nonblocking>;
    const couple<C> names;
    endpoint<C> alice{names.alice, small_pool};
    auto to_bob = alice.link(names.bob);
    steps step;
    child bob{"bob", [&] {
                  endpoint<C> me{names.bob, small_pool};
                  auto link = me.link(names.alice);
                  step.reach(1);
                  for (;;) {
                      ::pause();
                  }
              }};
    REQUIRE(step.await(1));
    while (to_bob.try_send(numbered(0))) {
    }
    bob.kill9();
    std::error_code code;
    CHECK(eventually([&] { return !to_bob.try_send(numbered(0), code) && code; }));
    CHECK(code == errc::peer_died);
    CHECK(eventually([&] { return !to_bob.try_loan(code) && code; }));
    CHECK(code == errc::peer_died);
}

TEST_CASE("map, direct: what is in hands stays usable when its channel is removed") {
    using C = pages<shm, bounded<4>>;
    const couple<C> names;
    endpoint<C> alice{names.alice};
    endpoint<C> bob{names.bob};
    alice.send(names.bob, numbered(1));
    auto link = bob.link(names.alice);
    {
        const auto held = link.take();
        auto lent = link.loan();
        CHECK(C::remove(names.alice));
        std::error_code code;
        CHECK(!bob.send(names.alice, numbered(2), code));
        CHECK(code);
        CHECK(held->number == 1);
        lent->number = 3;
        CHECK(thrown_by([&] { link.send(std::move(lent)); }) == errc::closed);
    }
    endpoint<C> next{names.alice};
    bob.send(names.alice, numbered(4));
    CHECK(next.receive(names.bob).number == 4);
}

TEST_CASE("map, direct: a peer whose pool cannot be joined is told of once, and keeps nobody from receiving") {
    using C = pages<shm, bounded<4>>;
    const couple<C> names;
    endpoint<C> bob{names.bob};
    endpoint<C> alice{names.alice};
    alice.send(names.bob, numbered(1));
    const auto other = names.alice + "2";
    endpoint<C> second{other};
    second.send(names.bob, numbered(2));
    // What is no pool, under the name of one.
    const auto way = pool::backing::locate(payload::pool_of<C>::name_of_way(names.bob, names.alice));
    std::filesystem::rename(way, way + "-aside");
    std::ofstream(way) << "no pool";
    int told = 0;
    std::optional<std::uint64_t> got;
    for (int look = 0; look < 20; ++look) {
        std::error_code code;
        if (const auto found = bob.receive_for(1ms, code)) {
            got = found->second.number;
        }
        told += code ? 1 : 0;
    }
    CHECK((told >= 1 && told <= 2));  // once in a second
    CHECK(got == 2);
    std::filesystem::remove(way);
    CHECK(bob.receive(names.alice).number == 1);  // who names the peer tries again
    std::filesystem::remove(way + "-aside");
    C::remove(other);
}

TEST_CASE("adaptive, direct: small messages travel and large ones stay, one at a time and from anybody") {
    using C = channel<bytes<100000>, shm, direct, adaptive<>>;
    const couple<C> names;
    endpoint<C> alice{names.alice};
    endpoint<C> bob{names.bob};
    for (const std::size_t size :
         {std::size_t{0}, std::size_t{1}, std::size_t{2048}, std::size_t{2049}, C::message::max_size}) {
        INFO(size);
        auto to_bob = alice.link(names.bob);
        auto lent = to_bob.loan(size);
        lent.resize(size);
        pattern(size).write(lent.room().first(size));
        to_bob.send(std::move(lent));
        {
            auto from_alice = bob.link(names.alice);
            const auto held = from_alice.take();
            CHECK(held.content().size() == size);
            CHECK(pattern(size).is_in(held.content()));
        }
        auto whole = std::make_unique<bytes<100000>>();
        whole->resize(size);
        pattern(size + 1).write({whole->data(), size});
        bob.send(names.alice, *whole);
        const auto back = alice.receive();
        CHECK(back.first == names.bob);
        CHECK(back.second.size() == size);
        CHECK(pattern(size + 1).is_in({back.second.data(), size}));
    }
}

TEST_CASE("map, direct: names with the signs that stand in names of pools") {
    using C = pages<shm, bounded<4>>;
    const auto base = unique_name("map-direct");
    endpoint<C> one{base + "%a"};
    endpoint<C> other{base + "%25a"};
    one.send(base + "%25a", numbered(1));
    CHECK(other.receive(base + "%a").number == 1);
    other.send(base + "%a", numbered(2));
    CHECK(one.receive(base + "%25a").number == 2);
}

}  // namespace parley::conformance
