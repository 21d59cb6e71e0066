#include "waiting.hpp"

using namespace parley;
using namespace parley::test;

TEST_CASE("whoever is blocked in a direct link over fifo is told of its peer's death") { kill_in_links<fifo>(); }
TEST_CASE("whoever dies blocked in a mailbox or port over fifo leaves it whole") {
    kill_in_mailboxes_and_ports<fifo>();
}
