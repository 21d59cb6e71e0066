#include "duel.hpp"

using namespace parley;
using namespace parley::test;

TEST_CASE("a direct link survives the death of one side anywhere") {
    kill_one_of_two<talk<bounded<4>>>(2);
    kill_one_of_two<talk<bounded<1>, nonblocking>>();
    kill_one_of_two<talk<zero>>();
    kill_one_of_two<talk<unbounded, blocking_on<futex>>>();
    kill_one_of_two<talk<unbounded, sysv_shm, nonblocking>>(1);
    CHECK(untested("spsc:") == std::set<std::string>{});
}
