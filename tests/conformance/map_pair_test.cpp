#include <chrono>
#include <csignal>
#include <cstddef>
#include <cstdint>
#include <fstream>
#include <iterator>
#include <list>
#include <memory>
#include <optional>
#include <string>
#include <system_error>
#include <tuple>
#include <type_traits>
#include <utility>

#include <unistd.h>

#include <parley/parley.hpp>

#include "conformance/check.hpp"
#include "conformance/compositions.hpp"
#include "conformance/peer_gone.hpp"
#include "conformance/pools.hpp"
#include "conformance/venue.hpp"
#include "support/catch.hpp"
#include "support/open_files.hpp"

/// `map` and `adaptive` without a name: the ends of `pair()` have the pools with them, and what has gone leaves
/// nothing.

namespace parley::conformance {

using test::open_files;

namespace {

template <class Transport, class... Words>
using pages = channel<page, Transport, parley::map, Words...>;

using links = std::tuple<pages<anonymous_shm, direct, bounded<64>>,      //
                         pages<parley::pipe, direct, bounded<16>>,       //
                         pages<unix_stream, direct, bounded<64>>,        //
                         pages<unix_seqpacket, direct, bounded<64>>,     //
                         pages<unix_datagram, direct, bounded<8>>,       //
                         pages<unix_stream, direct, unbounded>,          //
                         pages<unix_stream, direct, bounded_by_kernel>,  //
                         pages<anonymous_shm, direct, unbounded>,        //
                         pages<unix_seqpacket, direct, zero>>;
/// Those whose buffer has more room than a small pool has pages.
using roomy_links = std::tuple<pages<anonymous_shm, direct, bounded<64>>,      //
                               pages<parley::pipe, direct, bounded<16>>,       //
                               pages<unix_stream, direct, bounded<64>>,        //
                               pages<unix_seqpacket, direct, bounded<64>>,     //
                               pages<unix_datagram, direct, bounded<8>>,       //
                               pages<unix_stream, direct, unbounded>,          //
                               pages<unix_stream, direct, bounded_by_kernel>,  //
                               pages<anonymous_shm, direct, unbounded>>;
using roomy_ports = std::tuple<pages<anonymous_shm, bounded<64>>,       //
                               pages<anonymous_shm, port, unbounded>,   //
                               pages<parley::pipe, port, bounded<16>>,  //
                               pages<unix_stream, port, bounded<64>>,   //
                               pages<unix_seqpacket, port, unbounded>,  //
                               pages<unix_datagram, port, bounded<8>>,  //
                               pages<unix_datagram, port, unbounded>>;

using without_waiting = std::tuple<
    pages<anonymous_shm, bounded<64>, nonblocking>, pages<anonymous_shm, direct, bounded<64>, nonblocking>,
    pages<unix_stream, port, bounded<64>, nonblocking>, pages<unix_seqpacket, direct, bounded<64>, nonblocking>,
    pages<unix_datagram, direct, bounded<8>, nonblocking>, pages<parley::pipe, port, bounded<16>, nonblocking>>;
using by_size = std::tuple<
    channel<bytes<100000>, anonymous_shm, direct, adaptive<>>, channel<bytes<100000>, parley::pipe, direct, adaptive<>>,
    channel<bytes<100000>, unix_stream, direct, adaptive<>>, channel<bytes<100000>, unix_seqpacket, direct, adaptive<>>,
    channel<bytes<100000>, unix_datagram, direct, adaptive<>>>;

template <class C>
[[nodiscard]] auto small_pair() {
    return std::optional{C::pair(small_pool)};
}

}  // namespace

TEMPLATE_LIST_TEST_CASE("map, pair: written and read in place, both ways", "", links) {
    using C = TestType;
    const about composition{C::describe()};
    constexpr std::uint64_t count = 300;
    auto ends = small_pair<C>();
    child bob{"bob", [&] {
                  auto alice = std::move(ends->second);
                  ends.reset();
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
    auto to_bob = std::move(ends->first);
    ends.reset();
    for (std::uint64_t number = 0; number < count; ++number) {
        auto lent = to_bob.loan();
        lent->number = number;
        to_bob.send(std::move(lent));
        PARLEY_REQUIRE(to_bob.take()->number == number + 1000);
    }
    PARLEY_REQUIRE(bob.join_ok());
}

TEMPLATE_LIST_TEST_CASE("map, pair: who lacks a block waits until one comes back", "", roomy_links) {
    using C = TestType;
    const about composition{C::describe()};
    auto ends = small_pair<C>();
    std::uint64_t sent = 0;
    while (ends->first.try_send(numbered(sent))) {
        ++sent;
    }
    PARLEY_REQUIRE((sent == pages_in_pool));
    PARLEY_REQUIRE(!ends->first.send_for(numbered(sent), short_wait));
    PARLEY_REQUIRE(!ends->first.try_loan());
    child bob{"bob", [&] {
                  auto alice = std::move(ends->second);
                  ends.reset();
                  for (std::uint64_t number = 0; number < 200; ++number) {
                      PARLEY_CHECK_IN_CHILD(alice.receive().number == number);
                  }
              }};
    auto to_bob = std::move(ends->first);
    ends.reset();
    for (; sent < 200; ++sent) {
        to_bob.send(numbered(sent));
    }
    PARLEY_REQUIRE(bob.join_ok());
}

TEMPLATE_LIST_TEST_CASE("map, pair: who waits for a block is told that the peer has gone", "", roomy_links) {
    using C = TestType;
    const about composition{C::describe()};
    for (const bool killed : {true, false}) {
        auto ends = small_pair<C>();
        steps step;
        child bob{"bob", [&] {
                      auto alice = std::move(ends->second);
                      ends.reset();
                      alice.send(numbered(1));
                      step.reach(1);
                      PARLEY_CHECK_IN_CHILD(step.await(2));
                  }};
        auto to_bob = std::move(ends->first);
        ends.reset();
        PARLEY_REQUIRE(to_bob.receive().number == 1);
        PARLEY_REQUIRE(step.await(1));
        while (to_bob.try_send(numbered(0))) {
        }
        goes_while_asleep(bob, killed, step, [&] { to_bob.send(numbered(2)); });
    }
}

TEMPLATE_LIST_TEST_CASE("map, pair: so is who waits at a port, and afterwards it is closed", "", roomy_ports) {
    using C = TestType;
    const about composition{C::describe()};
    for (const bool killed : {true, false}) {
        auto ends = small_pair<C>();
        steps step;
        child bob{"bob", [&] {
                      auto in = std::move(ends->second);
                      ends.reset();
                      PARLEY_CHECK_IN_CHILD(in.receive().number == 7);
                      step.reach(1);
                      PARLEY_CHECK_IN_CHILD(step.await(2));
                  }};
        auto out = std::move(ends->first);
        ends.reset();
        out.send(numbered(7));
        PARLEY_REQUIRE(step.await(1));
        while (out.try_send(numbered(0))) {
        }
        goes_while_asleep(bob, killed, step, [&] { out.send(numbered(2)); });
        std::error_code code;
        PARLEY_REQUIRE((!out.send(numbered(3), code) && code == errc::closed));
    }
}

TEMPLATE_LIST_TEST_CASE("map, pair: who does not wait is told, too, that nobody can give a block back", "",
                        without_waiting) {
    using C = TestType;
    const about composition{C::describe()};
    auto ends = small_pair<C>();
    steps step;
    child bob{"bob", [&] {
                  auto in = std::move(ends->second);
                  ends.reset();
                  PARLEY_CHECK_IN_CHILD(eventually([&] { return in.try_receive().has_value(); }));
                  step.reach(1);
                  for (;;) {
                      ::pause();
                  }
              }};
    auto out = std::move(ends->first);
    ends.reset();
    while (!out.try_send(numbered(0))) {
    }
    PARLEY_REQUIRE(step.await(1));
    while (out.try_send(numbered(0))) {
    }
    bob.kill9();
    std::error_code code;
    PARLEY_REQUIRE(eventually([&] { return !out.try_send(numbered(0), code) && code; }));
    PARLEY_REQUIRE((code == errc::peer_died || code == errc::closed));
    PARLEY_REQUIRE(eventually([&] { return !out.try_loan(code) && code; }));
}

TEMPLATE_LIST_TEST_CASE("map, pair: what was sent by one who was killed can be read, and held when all is over", "",
                        links) {
    using C = TestType;
    const about composition{C::describe()};
    if constexpr (!rendezvous<C>) {
        auto ends = small_pair<C>();
        steps step;
        child alice{"alice", [&] {
                        auto to_bob = std::move(ends->first);
                        ends.reset();
                        to_bob.send(numbered(1));
                        to_bob.send(numbered(2));
                        const auto lent = to_bob.loan();
                        step.reach(1);
                        for (;;) {
                            ::pause();
                        }
                    }};
        std::optional from_alice{std::move(ends->second)};
        ends.reset();
        PARLEY_REQUIRE(step.await(1));
        alice.kill9();
        PARLEY_REQUIRE(from_alice->receive().number == 1);
        {
            const auto held = from_alice->take();
            PARLEY_REQUIRE(held->number == 2);
            std::error_code ignored;  // in memory there is room for somebody who comes later
            static_cast<void>(from_alice->try_send(numbered(1), ignored));
            PARLEY_REQUIRE(held->number == 2);
        }
        const auto told = thrown_by([&] { return from_alice->receive(); });
        PARLEY_REQUIRE((told == errc::peer_died || told == errc::closed));  // who comes later never saw it alive
    }
}

TEST_CASE("map, pair: of several senders and receivers the blocks of the dead come back") {
    using C = pages<anonymous_shm, bounded<64>>;
    auto ends = small_pair<C>();
    for (std::uint64_t round = 0; round < 2 * pages_in_pool; ++round) {
        steps step;
        std::list<child> victims;
        victims.emplace_back("sender", [&] {
            const auto lent = ends->first.loan();
            step.advance();
            for (;;) {
                ::pause();
            }
        });
        victims.emplace_back("receiver", [&] {
            const auto held = ends->second.take();
            step.advance();
            for (;;) {
                ::pause();
            }
        });
        sender<C> out{from_descriptor, duplicate(ends->first.descriptor())};
        out.send(numbered(1));
        REQUIRE(step.await(2));
        for (auto& each : victims) {
            each.kill9();
        }
    }
    CHECK(ends->first.send_for(numbered(5), 60s));
    CHECK(ends->second.receive().number == 5);
}

TEST_CASE("map, pair: a receiver has its messages read-only") {
    using C = pages<unix_stream, direct, bounded<4>>;
    auto ends = C::pair();
    ends.first.send(numbered(1));
    const auto taken = ends.second.take();
    static_assert(std::is_const_v<std::remove_reference_t<decltype(*taken)>>);
    child writing{"writer", [&] {
                      ::signal(SIGSEGV, SIG_DFL);  // a sanitizer would tell a story
                      const_cast<page&>(*taken).number = 2;
                  }};
    CHECK(writing.join() == 128 + SIGSEGV);
    CHECK(taken->number == 1);
}

TEMPLATE_LIST_TEST_CASE("adaptive, pair: small messages travel and large ones stay", "", by_size) {
    using C = TestType;
    const about composition{C::describe()};
    auto ends = C::pair();
    auto& [alice, bob] = ends;
    for (const std::size_t size :
         {std::size_t{0}, std::size_t{1}, std::size_t{2048}, std::size_t{2049}, C::message::max_size}) {
        auto lent = alice.loan(size);
        lent.resize(size);
        pattern(size).write(lent.room().first(size));
        alice.send(std::move(lent));
        {
            const auto held = bob.take();
            PARLEY_REQUIRE(held.content().size() == size);
            PARLEY_REQUIRE(pattern(size).is_in(held.content()));
        }
        auto whole = std::make_unique<bytes<100000>>();
        whole->resize(size);
        pattern(size + 1).write({whole->data(), size});
        bob.send(*whole);
        const auto back = alice.receive();
        PARLEY_REQUIRE(back.size() == size);
        PARLEY_REQUIRE(pattern(size + 1).is_in({back.data(), size}));
    }
}

TEST_CASE("adaptive, pair: what is always small needs no pool, and its end is the transport's own") {
    using C = channel<int, unix_stream, direct, adaptive<>>;
    auto [one, other] = C::pair();
    one.send(7);
    CHECK(other.receive() == 7);
}

TEST_CASE("map, pair: nothing of it has a name, and nothing stays open") {
    using C = pages<unix_stream, direct, bounded<4>>;
    const auto named_memory = [] {
        std::ifstream maps{"/proc/self/maps"};
        return std::string{std::istreambuf_iterator<char>{maps}, {}}.find("/dev/shm/") != std::string::npos;
    };
    const auto files = open_files();
    for (int round = 0; round < 20; ++round) {
        auto ends = C::pair();
        ends.first.send(numbered(1));
        CHECK(ends.second.receive().number == 1);
        CHECK_FALSE(named_memory());
    }
    CHECK(open_files() == files);
}

TEST_CASE("map, pair: the size of the pool is as asked for, or named by an error") {
    using C = pages<anonymous_shm, bounded<64>>;
    std::error_code code;
    auto none = C::pair({.pool_size = ~std::uint64_t{0}}, code);
    CHECK(!none);
    CHECK(code == errc::no_space);
    auto plain = C::pair(code);
    REQUIRE(plain);
    for (std::uint64_t number = 0; number < 64; ++number) {
        CHECK(plain->first.try_send(numbered(number)));
    }
    CHECK_FALSE(plain->first.try_send(numbered(64)));
}

}  // namespace parley::conformance
