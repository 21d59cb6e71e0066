#include "every_role.hpp"

using namespace parley;
using namespace parley::test;

/// Every other letter is small: written and read in its place in the link, while the long ones stay in the pool.
TEST_CASE("mailboxes with small messages in the link and large ones in a pool survive death anywhere") {
    using channel = parley::channel<letter_in_bytes, adaptive<64>, bounded<4>>;
    kill_in_every_role<channel>(1, {role::send, role::loan, role::receive, role::take});
}

TEST_CASE("a message of either size over which a receiver died is given to another") {
    using channel = parley::channel<letter_in_bytes, adaptive<64>, mailbox_by<parley::any, at_least_once>, bounded<4>>;
    kill_in_every_role<channel>(1, {role::loan, role::receive, role::take});
}
