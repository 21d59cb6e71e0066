#include "mailboxes.hpp"

using namespace parley;
using namespace parley::test;

TEST_CASE("mailboxes over named pipes survive death anywhere") { kill_in_mailboxes<fifo>(); }
TEST_CASE("rendezvous over named pipes survive death anywhere") { kill_in_rendezvous<fifo>(); }
