#include "mailboxes.hpp"

using namespace parley;
using namespace parley::test;

TEST_CASE("mailboxes over System V message queues survive death anywhere") { kill_in_mailboxes<sysv_mqueue>(); }
TEST_CASE("rendezvous over System V message queues survive death anywhere") { kill_in_rendezvous<sysv_mqueue>(); }
