#include "every_role.hpp"

using namespace parley;
using namespace parley::test;

TEST_CASE("unbounded mailboxes survive death anywhere") {
    kill_in_every_role<bulky_mail<unbounded>>(2);
    kill_in_every_role<bulky_mail<unbounded, sysv_shm, nonblocking>>();
    kill_in_every_role<mail<unbounded, mailbox_by<parley::any, at_least_once>>>();
    {
        session<bulky_mail<unbounded, blocking_on<futex>>> room;
        room.kill_everywhere({.what = role::send, .steps = 4000});
        // A backlog up to the end of a chunk, which whoever drains it gives back.
        room.kill_everywhere({.what = role::receive,
                              .alone = true,
                              .steps = 3000,
                              .before = {{role::send, "chain: chunk reserved, not numbered"}}});
        room.finish();
    }
    CHECK(untested("chain:") == std::set<std::string>{});
}
