#include <chrono>
#include <ctime>
#include <string>

#include <parley/parley.hpp>

#include "support/catch.hpp"
#include "support/process.hpp"

using namespace parley;
using namespace parley::test;

namespace {

/// The processor time that a wait in vain takes, over the time that it lasts.
template <class Receive>
[[nodiscard]] double busy_share(Receive receive) {
    constexpr std::chrono::milliseconds lasting{600};  // some of the slices in which a receiver looks for lost blocks
    const auto before = std::clock();
    CHECK_FALSE(receive(lasting));
    const auto taken = static_cast<double>(std::clock() - before) / CLOCKS_PER_SEC;
    return taken / std::chrono::duration<double>(lasting).count();
}

}  // namespace

TEST_CASE("a receiver of datagrams whose messages stay sleeps as long as it waits, and waits as long as it is told") {
    {
        using C = channel<int, unix_datagram, port, map>;
        const auto name = unique_name("waits");
        receiver<C> in{name};
        sender<C> out{name};
        for (int number = 0; number < 2; ++number) {
            out.send(number);
            CHECK(in.receive() == number);
            CHECK(busy_share([&](auto time) { return in.receive_for(time).has_value(); }) < 0.5);
        }
    }
    using C = channel<int, unix_datagram, direct, map, unbounded>;
    auto [one, other] = C::pair();
    auto& there = other;
    for (int number = 0; number < 2; ++number) {
        one.send(number);
        CHECK(other.receive() == number);
        CHECK(busy_share([&](auto time) { return there.receive_for(time).has_value(); }) < 0.5);
    }
}
