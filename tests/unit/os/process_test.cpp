#include <unistd.h>

#include <parley/os/process.hpp>

#include "support/catch.hpp"
#include "support/process.hpp"

using parley::os::process_hold;
using parley::test::child;
using parley::test::eventually;

TEST_CASE("a process that is held is known to have ended, before anybody has waited for it") {
    CHECK_FALSE(process_hold{}.ended());
    const process_hold self{::getpid()};
    CHECK(self);
    CHECK_FALSE(self.ended());

    child other{[] { ::pause(); }};
    const process_hold held{other.pid()};
    REQUIRE(held);
    CHECK(held.number() == other.pid());
    CHECK_FALSE(held.ended());
    other.signal(SIGKILL);
    CHECK(eventually([&] { return held.ended(); }));
    const auto number = other.pid();
    other.kill9();
    CHECK(held.ended());
    CHECK_FALSE(process_hold{number});
}
