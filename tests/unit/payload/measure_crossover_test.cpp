#include <array>
#include <cstddef>
#include <filesystem>
#include <string>
#include <vector>

#include <unistd.h>

#include <parley/parley.hpp>
#include <parley/payload/measure_crossover.hpp>

#include "support/catch.hpp"

namespace parley {

namespace {

using curve = std::vector<crossover::point>;

}  // namespace

TEST_CASE("the crossing lies between the last size that is better copied and the first that is not") {
    CHECK(payload::crossing(curve{{64, 1, 2}, {256, 2, 3}, {1024, 8, 4}}) > 256);
    CHECK(payload::crossing(curve{{64, 1, 2}, {256, 2, 3}, {1024, 8, 4}}) < 1024);
    // Ahead by 2 and behind by 2: half way of four times as much.
    CHECK(payload::crossing(curve{{64, 1, 2}, {256, 2, 4}, {1024, 6, 4}}) == 512);
    // Ahead by 1 and behind by 3.
    CHECK(payload::crossing(curve{{256, 2, 3}, {4096, 7, 4}}) == 512);
}

TEST_CASE("one curve may be the better one all the way") {
    CHECK(payload::crossing(curve{{64, 2, 1}, {256, 3, 1}}) == 0);
    CHECK(payload::crossing(curve{{64, 1, 2}, {256, 1, 3}}) == 256);
    CHECK(payload::crossing(curve{}) == 0);
    CHECK(payload::crossing(curve{{64, 1, 1}}) == 0);
}

TEST_CASE("a size that was disturbed does not decide by itself") {
    CHECK(payload::crossing(curve{{64, 1, 2}, {128, 2, 1.5}, {256, 1, 2}, {512, 2, 1}, {1024, 4, 1}}) >= 256);
    CHECK(payload::crossing(curve{{64, 1, 2}, {128, 4, 2}, {256, 8, 2}, {512, 3.9, 4}, {1024, 32, 4}}) < 128);
}

TEMPLATE_TEST_CASE("a measurement has a curve, gives a threshold on it, and leaves nothing behind", "", shm,
                   sysv_mqueue, unix_stream) {
    const auto found = measure_crossover<TestType>();
    REQUIRE(found.curve.size() >= 6);
    CHECK(found.curve.front().size == 64);
    for (const auto& point : found.curve) {
        CHECK(point.copied > 0);
        CHECK(point.mapped > 0);
    }
    CHECK(found.threshold <= found.curve.back().size);
    const auto mine = "crossover-" + std::to_string(::getpid()) + "-";
    for (const auto& each : std::filesystem::directory_iterator("/dev/shm")) {
        CHECK(each.path().filename().string().find(mine) == std::string::npos);
    }
}

}  // namespace parley
