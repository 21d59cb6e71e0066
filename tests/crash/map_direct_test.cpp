#include "duel.hpp"

using namespace parley;
using namespace parley::test;

// The new memory of a pool has its death in map_test.cpp.

TEST_CASE("a direct link whose messages stay in pools survives the death of one side anywhere") {
    kill_one_of_two<talk<map, bounded<4>>>();
    CHECK(untested("pool:") == std::set<std::string>{"pool: memory reserved, blocks not counted"});
}

TEST_CASE("so does one with other words") {
    kill_one_of_two<talk<map, zero>>();
    kill_one_of_two<talk<map, unbounded, nonblocking>>();
}

TEST_CASE("and one over a queue") { kill_one_of_two<talk<map, mqueue, bounded<4>>>(); }
