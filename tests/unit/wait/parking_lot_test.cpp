#include <parley/wait/parking_lot.hpp>

#include <array>
#include <memory>
#include <new>

#include <parley/os/error.hpp>
#include <parley/wait/condvar.hpp>
#include <parley/wait/futex.hpp>
#include <parley/wait/spin.hpp>

#include "support/catch.hpp"
#include "support/process.hpp"
#include "support/where.hpp"

using namespace parley;

TEMPLATE_TEST_CASE("a parking lot: nobody sleeps who is ready, or was woken before", "", condvar, futex) {
    const auto lot = std::make_unique<waiting::parking_lot<TestType, 4>>();
    lot->occupy(2);
    CHECK_FALSE(lot->anybody());
    CHECK_FALSE(lot->wake(2));
    lot->park(2, std::chrono::hours(1), [] { return true; });
    CHECK_FALSE(lot->anybody());
    // Woken between setting the bit and going to sleep.
    bool woken = false;
    lot->park(2, std::chrono::hours(1), [&] {
        CHECK(lot->anybody());
        woken = lot->wake(2);
        return false;
    });
    CHECK(woken);
    CHECK_FALSE(lot->anybody());
}

TEMPLATE_TEST_CASE("a parking lot: a sleep ends by itself", "", condvar, futex, spin) {
    const auto lot = std::make_unique<waiting::parking_lot<TestType, 4>>();
    lot->occupy(0);
    const auto begin = os::clock::now();
    lot->park(0, std::chrono::milliseconds(20), [] { return false; });
    CHECK(os::clock::now() - begin >= std::chrono::milliseconds(10));  // early is allowed; not at once
    CHECK_FALSE(lot->anybody());
}

TEMPLATE_TEST_CASE("a parking lot: `wake_one` prefers whom it is told, and passes over the rest", "", condvar, futex) {
    const auto lot = std::make_unique<waiting::parking_lot<TestType, 64>>();
    for (const std::size_t place : {std::size_t{1}, std::size_t{5}, std::size_t{63}}) {
        lot->occupy(place);
    }
    // Parked from within each other's look, so that three bits are set at once without threads.
    lot->park(1, std::chrono::hours(1), [&] {
        lot->park(5, std::chrono::hours(1), [&] {
            lot->park(63, std::chrono::hours(1), [&] {
                lot->wake_one(6);
                CHECK_FALSE(lot->wake(63));
                lot->wake_one(6);
                CHECK_FALSE(lot->wake(1));
                lot->wake_one(6);
                CHECK_FALSE(lot->wake(5));
                CHECK_FALSE(lot->anybody());
                return true;
            });
            return true;
        });
        return true;
    });
}

TEMPLATE_TEST_CASE("a parking lot: the bit of a holder that died parked goes with its place", "", condvar, futex) {
    using lot_type = waiting::parking_lot<TestType, 4>;
    struct storage {
        alignas(lot_type) std::array<std::byte, sizeof(lot_type)> bytes;
    };
    const test::shared<storage> memory;
    auto* lot = ::new (static_cast<void*>(&*memory)) lot_type;  // never destroyed, as in a segment
    test::child victim("victim", [&] {
        lot->occupy(1);
        lot->park(1, std::chrono::hours(1), [] { return false; });
    });
    REQUIRE(test::eventually([&] { return lot->anybody(); }));
    REQUIRE(test::eventually([&] { return test::state_of(victim.pid()) == 'S'; }));
    victim.kill9();
    CHECK(lot->anybody());
    lot->occupy(1);
    CHECK_FALSE(lot->anybody());
    lot->wake_all();
    // The berth works for its new holder.
    test::child heir("heir", [&] { lot->park(1, std::chrono::hours(1), [] { return false; }); });
    REQUIRE(test::eventually([&] { return lot->anybody(); }));
    REQUIRE(test::eventually([&] { return lot->wake(1) || !heir.running(); }));
    CHECK(heir.join_ok());
}

TEST_CASE("waiting until a deadline looks around now and then, and may end with what that throws") {
    const auto lot = std::make_unique<waiting::parking_lot<futex, 1>>();
    lot->occupy(0);
    bool slept = false;
    int looks = 0;
    CHECK_FALSE(waiting::wait_until(
        *lot, 0, os::deadline::after(std::chrono::milliseconds(250)), [] { return false; }, [&] { ++looks; }, slept));
    CHECK(slept);
    CHECK(looks >= 1);
    CHECK(waiting::wait_until(
        *lot, 0, os::deadline::never(), [&] { return looks == 0; }, [&] { looks = 0; }, slept));
    CHECK_THROWS_AS(
        waiting::wait_until(
            *lot, 0, os::deadline::never(), [] { return false; }, [] { throw_error(errc::peer_died, "gone"); }, slept),
        error);
    slept = false;
    CHECK(waiting::wait_until(
        *lot, 0, os::deadline::at({}), [] { return true; }, [] {}, slept));
    CHECK_FALSE(slept);
    CHECK_FALSE(lot->anybody());
}
