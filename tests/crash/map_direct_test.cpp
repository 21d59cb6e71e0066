#include "duel.hpp"

using namespace parley;
using namespace parley::test;

TEST_CASE("a direct link whose messages stay in pools survives the death of one side anywhere") {
    kill_one_of_two<talk<map, bounded<4>>>();
    kill_one_of_two<talk<map, bounded<1>, nonblocking>>();
    kill_one_of_two<talk<map, zero>>();
    kill_one_of_two<talk<map, unbounded, blocking_on<futex>>>();
    kill_one_of_two<talk<map, mqueue, bounded<4>>>();
    CHECK(untested("pool:") == std::set<std::string>{"pool: memory reserved, blocks not counted"});
}
