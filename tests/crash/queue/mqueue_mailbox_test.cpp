#include "mailboxes.hpp"

using namespace parley;
using namespace parley::test;

TEST_CASE("mailboxes over POSIX message queues survive death anywhere") { kill_in_mailboxes<mqueue>(); }
TEST_CASE("rendezvous over POSIX message queues survive death anywhere") { kill_in_rendezvous<mqueue>(); }
