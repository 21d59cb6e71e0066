#include <atomic>
#include <cstddef>
#include <cstdint>
#include <set>
#include <string>
#include <string_view>
#include <system_error>

#include <signal.h>
#include <unistd.h>

#include <parley/parley.hpp>
#include <parley/transport/rt_signal.hpp>

#include "crash_points.hpp"
#include "support/catch.hpp"
#include "support/eventually.hpp"
#include "support/process.hpp"
#include "support/shared.hpp"
#include "support/unique_name.hpp"

using namespace parley;
using namespace parley::test;

/// A sender of signals that is killed between any two of its steps.

namespace {

template <std::size_t N>
using talk = channel<std::uint32_t, rt_signal, direct, bounded<N>>;

constexpr const char* steps_of_a_send[] = {"signal: to be sent, not in the queue", "signal: in the queue, not counted"};

/// Sends `before` messages and dies on the way of the next one, which may have arrived.
template <std::size_t N>
void victim(const std::string& self, const std::string& peer, const char* where, std::uint32_t before) {
    endpoint<talk<N>> me{self};
    auto out = me.link(peer);
    for (std::uint32_t number = 0; number < before; ++number) {
        out.send(number);
    }
    die_at({where, 1});
    out.send(before);
}

template <std::size_t N>
void a_successor_goes_on(const char* where, std::uint32_t before) {
    INFO(where << ", bounded<" << N << ">, " << before << " before");
    const auto base = unique_name("crash-signal");
    const auto alice = base + "-alice";
    const auto bob = base + "-bob";
    endpoint<talk<N>> me{alice};
    auto in = me.link(bob);
    child first{"victim", [&] { victim<N>(bob, alice, where, before); }};
    REQUIRE(first.join() == 128 + SIGKILL);
    deaths().insert(where);
    // A successor that is killed as it counts what its predecessor may have sent, and one that is not.
    child second{"second victim", [&] {
                     endpoint<talk<N>> self{bob};
                     auto out = self.link(alice);
                     die_at({"signal: settled, not counted", 1});
                     static_cast<void>(out.try_send(1000));
                 }};
    REQUIRE(second.join() == 128 + SIGKILL);
    deaths().insert("signal: settled, not counted");
    shared<std::atomic<bool>> full{false};
    child heir{"heir", [&] {
                   endpoint<talk<N>> self{bob};
                   auto out = self.link(alice);
                   std::uint32_t sent = 0;
                   while (out.try_send(1000 + sent)) {
                       ++sent;
                   }
                   // What may have been sent has a place of its own until the receiver comes there.
                   PARLEY_CHECK_IN_CHILD(sent == N - before - 1);
                   full->store(true);
                   for (; sent < 3 * N; ++sent) {
                       out.send(1000 + sent);
                   }
                   while (out.try_send(1000 + sent)) {
                       ++sent;
                   }
               }};
    REQUIRE(eventually([&] { return full->load(); }));
    std::uint32_t expected = 0;
    std::uint32_t from_heir = 1000;
    while (from_heir < 1000 + 3 * N) {
        const auto number = in.receive();
        if (number < 1000) {
            CHECK(number == expected++);
        } else {
            CHECK(number == from_heir++);
        }
    }
    CHECK(heir.join_ok());
    CHECK((expected == before || expected == before + 1));
    CHECK((expected == before + 1) == (std::string_view{where} == steps_of_a_send[1]));
    std::error_code code;
    while (in.try_receive(code)) {
    }
    // Then the bound is exact again.
    child last{"last", [&] {
                   endpoint<talk<N>> self{bob};
                   auto out = self.link(alice);
                   std::uint32_t sent = 0;
                   while (out.try_send(sent)) {
                       ++sent;
                   }
                   PARLEY_CHECK_IN_CHILD(sent == N);
               }};
    CHECK(last.join_ok());
    talk<N>::remove(alice, code);
    talk<N>::remove(bob, code);
}

}  // namespace

TEST_CASE("a sender of signals killed at any step costs at most its own message, and no place for ever") {
    for (const char* where : steps_of_a_send) {
        a_successor_goes_on<1>(where, 0);
        a_successor_goes_on<4>(where, 0);
        a_successor_goes_on<4>(where, 2);
        a_successor_goes_on<4>(where, 3);
    }
    CHECK(untested("signal: ") == std::set<std::string>{});
}
