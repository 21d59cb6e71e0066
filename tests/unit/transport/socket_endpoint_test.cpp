#include <csignal>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <system_error>
#include <tuple>
#include <utility>

#include <unistd.h>

#include <parley/parley.hpp>

#include "conformance/pools.hpp"
#include "conformance/venue.hpp"
#include "support/catch.hpp"
#include "support/open_files.hpp"

/// Endpoints over sockets that have had many peers: of those who have gone nothing stays but what is to be received.

namespace parley::conformance {

using test::open_files;

namespace {

template <class Transport, class... Words>
using pages = channel<page, Transport, direct, Words...>;

using endpoints =
    std::tuple<pages<unix_stream>, pages<unix_seqpacket>, pages<tcp>, pages<unix_stream, parley::map, bounded<8>>,
               pages<unix_seqpacket, parley::map, unbounded>>;

constexpr std::uint32_t many = 200;
constexpr auto few = 100;  // of files, that may be open for a while

template <class C>
[[nodiscard]] std::string name_of_client(const std::string& beginning, std::uint32_t number) {
    return C::transport::capabilities.crosses_machines ? fresh_address() : beginning + std::to_string(number);
}

}  // namespace

TEMPLATE_LIST_TEST_CASE("an endpoint that has answered many who have gone has their files no more", "", endpoints) {
    using C = TestType;
    INFO(C::describe());
    const venue<C> names;
    const auto& own = names.receiver_name();
    steps step;
    child clients{"clients", [&] {
                      PARLEY_CHECK_IN_CHILD(step.await(1));
                      const auto beginning = unique_name("client");
                      for (std::uint32_t number = 0; number < many; ++number) {
                          endpoint<C> me{name_of_client<C>(beginning, number), small_pool};
                          auto to_server = me.link(own);
                          to_server.send(numbered(number));
                          PARLEY_CHECK_IN_CHILD(to_server.receive().number == number + 1);
                      }
                  }};
    endpoint<C> me{own, small_pool};
    const auto files = open_files();
    step.reach(1);
    for (std::uint32_t number = 0; number < many; ++number) {
        const auto [from, message] = me.receive();
        CHECK(message.number == number);
        me.send(from, numbered(number + 1));
        CHECK(open_files() < files + few);
    }
    CHECK(clients.join_ok());
}

TEMPLATE_LIST_TEST_CASE("a peer that has gone leaves its last words, and no file once it is missed", "", endpoints) {
    using C = TestType;
    INFO(C::describe());
    const venue<C> names;
    const auto& own = names.receiver_name();
    const auto& others = names.sender_name();
    endpoint<C> me{own, small_pool};
    auto held = me.link(others);
    const auto files = open_files();
    for (const bool killed : {false, true}) {
        INFO("killed: " << killed);
        steps step;
        child peer{"peer", [&] {
                       std::optional<endpoint<C>> self{std::in_place, others, small_pool};
                       auto back = self->link(own);
                       step.reach(1);
                       PARLEY_CHECK_IN_CHILD(back.receive().number == 1);
                       back.send(numbered(2));
                       if (killed) {
                           ::raise(SIGKILL);
                       }
                       self.reset();
                   }};
        REQUIRE(step.await(1));  // until it is back, its predecessor's end is told
        held.send(numbered(1));
        CHECK(peer.join() == (killed ? 128 + SIGKILL : 0));
        // Many others whom nobody hears.
        const auto beginning = unique_name("nobody");
        for (std::uint32_t number = 0; number < many; ++number) {
            CHECK_FALSE(me.try_send(name_of_client<C>(beginning, number), numbered(1)));
        }
        CHECK(held.receive().number == 2);
        const auto expected = killed ? errc::peer_died : errc::closed;
        CHECK(thrown_by([&] { return held.receive(); }) == expected);
        CHECK(thrown_by([&] { held.send(numbered(1)); }) == expected);
        CHECK(open_files() == files);
        CHECK(thrown_by([&] { held.send(numbered(1)); }) == expected);
        CHECK(thrown_by([&] { return held.receive(); }) == expected);
    }
}

TEMPLATE_LIST_TEST_CASE("what a peer sent before it went is received, although its link was let go of meanwhile", "",
                        endpoints) {
    using C = TestType;
    INFO(C::describe());
    const venue<C> names;
    const auto& own = names.receiver_name();
    const auto& others = names.sender_name();
    endpoint<C> me{own, small_pool};
    child peer{"peer", [&] {
                   endpoint<C> self{others, small_pool};
                   auto back = self.link(own);
                   PARLEY_CHECK_IN_CHILD(back.receive().number == 1);
                   back.send(numbered(2));
               }};
    me.send(others, numbered(1));
    CHECK(peer.join_ok());
    const auto beginning = unique_name("nobody");
    for (std::uint32_t number = 0; number < many; ++number) {
        CHECK_FALSE(me.try_send(name_of_client<C>(beginning, number), numbered(1)));
    }
    CHECK(me.receive(others).number == 2);
}

}  // namespace parley::conformance
