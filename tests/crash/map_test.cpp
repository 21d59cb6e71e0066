#include "every_role.hpp"

using namespace parley;
using namespace parley::test;

namespace {

/// The first block of a pool: its sender is killed between reserving memory and counting blocks.
template <class C>
void kill_who_carves() {
    constexpr auto where = "pool: memory reserved, blocks not counted";
    const auto name = unique_name("crash-carve");
    receiver<C> in{create_only, name};
    child victim("sender", [&] {
        sender<C> out{name};
        die_at({where, 1});
        out.send(letter::make(letter::survivor, 0));
    });
    CHECK(victim.join() == 128 + SIGKILL);
    deaths().insert(where);
    child next("sender", [&] { sender<C>{name}.send(letter::make(letter::survivor, 1)); });
    CHECK(in.receive().number == 1);
    CHECK(next.join_ok());
    CHECK(C::remove(name));
    CHECK(files_named(name).empty());
}

}  // namespace

// One TEST_CASE, so that at its end every crash point has had its death.
TEST_CASE("mailboxes whose messages stay in a pool survive death anywhere") {
    kill_who_carves<mail<map, bounded<4>>>();
    kill_in_every_role<mail<map, bounded<4>>>();
    kill_in_every_role<mail<map, bounded<64>, blocking_on<futex>>>(1);
    kill_in_every_role<mail<map, mailbox_by<parley::any, at_least_once>, bounded<4>>>(1);
    kill_in_every_role<mail<map, mailbox_by<round_robin>, bounded<4>>>(1, {role::send, role::loan, role::take});
    kill_in_every_role<mail<map, zero>>(1, {role::send, role::loan, role::receive, role::take});
    kill_in_every_role<mail<mqueue, map>>(1, {role::send, role::loan, role::receive, role::take});
    CHECK(untested("pool:") == std::set<std::string>{});
}
