#include "waiting.hpp"

using namespace parley;
using namespace parley::test;

TEST_CASE("whoever is blocked in a direct link over mqueue is told of its peer's death") { kill_in_links<mqueue>(); }
TEST_CASE("whoever dies blocked in a mailbox or port over mqueue leaves it whole") {
    kill_in_mailboxes_and_ports<mqueue>();
}
