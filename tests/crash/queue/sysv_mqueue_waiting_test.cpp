#include "waiting.hpp"

using namespace parley;
using namespace parley::test;

TEST_CASE("whoever is blocked in a direct link over sysv_mqueue is told of its peer's death") {
    kill_in_links<sysv_mqueue>();
}
TEST_CASE("whoever dies blocked in a mailbox or port over sysv_mqueue leaves it whole") {
    kill_in_mailboxes_and_ports<sysv_mqueue>();
}
