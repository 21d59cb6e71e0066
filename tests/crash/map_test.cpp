#include "every_role.hpp"
#include "four_blocks.hpp"

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

/// A sender is killed with a block in hand; and so is who takes its place and is about to free that.
void kill_who_frees_for_the_dead() {
    using C = four<>;
    const auto name = unique_name("crash-free");
    receiver<C> in{create_only, name, four_blocks<C>};
    die_doing("pool: block taken, not written", 1, [&] { sender<C>{name}.send(letter::make(letter::survivor, 0)); });
    die_doing("pool's dead: block found, not free", 1, [&] { sender<C>{name}; });
    CHECK(send_all(sender<C>{name}) == blocks);
    CHECK(C::remove(name));
}

}  // namespace

// One TEST_CASE, so that at its end every crash point has had its death.
TEST_CASE("mailboxes whose messages stay in a pool survive death anywhere") {
    kill_who_carves<mail<map, bounded<4>>>();
    kill_who_frees_for_the_dead();
    kill_in_every_role<mail<map, bounded<4>>>();
    kill_in_every_role<mail<map, bounded<64>, blocking_on<futex>>>(1);
    kill_in_every_role<mail<map, mailbox_by<parley::any, at_least_once>, bounded<4>>>(1);
    kill_in_every_role<mail<map, mailbox_by<round_robin>, bounded<4>>>(1, {role::send, role::loan, role::take});
    kill_in_every_role<mail<map, zero>>(1, {role::send, role::loan, role::receive, role::take});
    kill_in_every_role<mail<mqueue, map>>(1, {role::send, role::loan, role::receive, role::take});
    CHECK(untested("pool:") == std::set<std::string>{});
    CHECK(untested("pool's dead:") == std::set<std::string>{});
}
