#include "every_role.hpp"

using namespace parley;
using namespace parley::test;

TEST_CASE("rendezvous survive death anywhere") {
    kill_in_every_role<mail<zero>>();
    kill_in_every_role<mail<zero, parley::sync<nonblocking, blocking_on<condvar>>>>();
    kill_in_every_role<mail<zero, parley::sync<blocking_on<condvar>, nonblocking>>>();
    kill_in_every_role<mail<zero, mailbox_by<round_robin>>>();
    kill_in_every_role<mail<zero, port>>();
    CHECK(untested("handoff:") == std::set<std::string>{});
}
