#include <parley/os/clock.hpp>

#include <chrono>

#include "support/catch.hpp"

using namespace parley;
using namespace std::chrono_literals;

TEST_CASE("never is never") {
    const auto never = os::deadline::never();
    CHECK(never.is_never());
    CHECK_FALSE(never.passed());
    CHECK(never.left(5ms) == 5ms);
}

TEST_CASE("a deadline behind us has passed, and leaves nothing") {
    for (const auto past : {os::deadline::after(0ms), os::deadline::after(-1h), os::deadline::at(os::clock::now() - 1s),
                            os::deadline::until(std::chrono::system_clock::now() - 1h)}) {
        CHECK(past.passed());
        CHECK_FALSE(past.is_never());
        CHECK(past.left(1s) == os::clock::duration::zero());
    }
}

TEST_CASE("a deadline ahead leaves what is left, at most the limit") {
    for (const auto ahead :
         {os::deadline::after(1h), os::deadline::at(os::clock::now() + 1h), os::deadline::until(os::clock::now() + 1h),
          os::deadline::until(std::chrono::system_clock::now() + 1h)}) {
        CHECK_FALSE(ahead.passed());
        CHECK(ahead.left(10ms) == 10ms);
        CHECK(ahead.left(2h) > 59min);
        CHECK(ahead.left(2h) <= 1h);
    }
}

TEST_CASE("a duration too long for the clock means never") {
    CHECK(os::deadline::after(std::chrono::hours::max()).is_never());
    CHECK(os::deadline::after(std::chrono::nanoseconds::max()).is_never());
    CHECK(os::deadline::after(std::chrono::duration<double>(1e300)).is_never());
    CHECK_FALSE(os::deadline::after(std::chrono::years(100)).passed());
}

TEST_CASE("keep_trying ends with success, with a wait in vain, or with one attempt after the deadline") {
    using parley::os::deadline;
    using parley::os::keep_trying;
    int attempts = 0;
    int waits = 0;
    CHECK(keep_trying(
        deadline::never(), [&] { return ++attempts == 3; }, [&] { return ++waits > 0; }));
    CHECK(attempts == 3);
    CHECK(waits == 2);
    CHECK_FALSE(keep_trying(
        deadline::never(), [&] { return ++attempts < 0; }, [&] { return ++waits < 5; }));
    CHECK(attempts == 6);
    CHECK(waits == 5);
    // A wait that always says to try again.
    attempts = 0;
    const auto soon = deadline::after(std::chrono::milliseconds(2));
    CHECK_FALSE(keep_trying(
        soon, [&] { return ++attempts < 0; }, [] { return true; }));
    CHECK(attempts >= 2);
    CHECK(soon.passed());
}
