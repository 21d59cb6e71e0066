#include <parley/os/random.hpp>

#include <cstdint>

#include "support/catch.hpp"

using namespace parley;

TEST_CASE("random numbers differ, in all of their bits") {
    std::uint64_t ever_set = 0;
    std::uint64_t ever_clear = 0;
    for (int draw = 0; draw < 200; ++draw) {
        const auto number = os::random_number<std::uint64_t>();
        ever_set |= number;
        ever_clear |= ~number;
    }
    CHECK(ever_set == ~std::uint64_t{0});
    CHECK(ever_clear == ~std::uint64_t{0});
}
