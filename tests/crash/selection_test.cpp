#include "every_role.hpp"

using namespace parley;
using namespace parley::test;

TEST_CASE("a mailbox that takes turns survives death anywhere") {
    kill_in_every_role<mail<mailbox_by<round_robin>, bounded<4>>>();
}
TEST_CASE("an exclusive mailbox survives death anywhere") {
    kill_in_every_role<mail<mailbox_by<exclusive>, bounded<4>>>();
}
TEST_CASE("a port's senders may die anywhere") { kill_in_every_role<mail<port, bounded<4>>>(); }
TEST_CASE("a mailbox whose senders never wait survives death anywhere") {
    kill_in_every_role<mail<parley::sync<nonblocking, blocking_on<condvar>>, bounded<4>>>();
}
