#include "every_role.hpp"

using namespace parley;
using namespace parley::test;

// One TEST_CASE, so that at its end every crash point has had its death.
TEST_CASE("mailboxes over a ring survive death anywhere") {
    kill_in_every_role<mail<bounded<1>>>(3);
    kill_in_every_role<mail<bounded<4>>>();
    kill_in_every_role<mail<bounded<64>, blocking_on<futex>>>();

    // A message in the hands of the dead goes to another, who may die with it.
    using kept = mail<mailbox_by<parley::any, at_least_once>, bounded<4>>;
    kill_in_every_role<kept>();
    {
        session<kept> room;
        const std::pair<role, const char*> sent{role::send, "mpmc: published, sending intent not cleared"};
        const std::pair<role, const char*> held{role::take, "test: message held, not released"};
        room.kill_everywhere({.what = role::receive, .alone = true, .before = {sent, held}}, 2);
        room.kill_everywhere({.what = role::try_receive, .alone = true, .before = {sent, held}}, 1);
        room.kill_everywhere({.what = role::come_and_receive, .alone = true, .before = {sent, held}}, 2);
        room.finish();
    }
    CHECK(untested("mpmc:") == std::set<std::string>{});
    CHECK(untested("parking lot:") == std::set<std::string>{});
    CHECK(untested("condvar:") == std::set<std::string>{});
}
