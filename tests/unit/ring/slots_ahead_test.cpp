#include <parley/ring/slots_ahead.hpp>

#include <algorithm>
#include <array>
#include <cstddef>

#include "support/catch.hpp"

using namespace parley;

TEST_CASE("a side is in its stride after some successes in a row") {
    ring::stride side;
    for (int times = 0; times < 2; ++times) {
        for (std::size_t success = 0; success < ring::slots_ahead; ++success) {
            CHECK_FALSE(side.succeeds());
        }
        CHECK(side.succeeds());
        CHECK(side.succeeds());
        side.breaks();
    }
}

TEST_CASE("a slot is fetched whatever its size, and nothing of it changes") {
    alignas(64) std::array<std::byte, 1000> slot{};
    slot.fill(std::byte{7});
    ring::fetch_slot<os::fetch_to_read, 0>(slot.data());
    ring::fetch_slot<os::fetch_to_read, 1>(slot.data());
    ring::fetch_slot<os::fetch_to_write, 1000>(slot.data());
    CHECK(std::count(slot.begin(), slot.end(), std::byte{7}) == 1000);
    ring::fetch_slot<os::fetch_to_read, 64>(nullptr);  // no access: only a wish
    SUCCEED();
}

static_assert(!ring::looks_ahead<1>, "the slot ahead would be the one in use");
static_assert(ring::looks_ahead<64>);
