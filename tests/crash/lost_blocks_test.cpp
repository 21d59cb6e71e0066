#include <atomic>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include <poll.h>

#include "four_blocks.hpp"

using namespace parley;
using namespace parley::test;

/// Blocks that the dead leave, and what others do while somebody looks for them.

namespace {

std::string_view point;
std::function<void()> at_point;
void point_hook(const char* where) {
    if (where == point) {
        at_point();
    }
}

/// A sender is killed between writing down the next use of a block and taking it. While another one looks whether that
/// was the dead one's, a third one takes the block: that use is its own.
void let_a_block_be_taken_behind_the_back_of_who_frees() {
    using C = four<>;
    const auto name = unique_name("crash-behind");
    shared<std::atomic<int>> step{0};
    const auto await = [&](int wanted) { return eventually([&] { return step->load() >= wanted; }); };
    receiver<C> in{create_only, name, four_blocks<C>};
    child taker("taker", [&] {
        sender<C> out{name};
        step->store(1);
        PARLEY_CHECK_IN_CHILD(await(2));
        const auto lent = out.try_loan();
        PARLEY_CHECK_IN_CHILD(lent);
        **lent = letter::make(1, 1);
        step->store(3);
        PARLEY_CHECK_IN_CHILD(await(4));
        PARLEY_CHECK_IN_CHILD((*lent)->whole() && (*lent)->from == 1);
    });
    REQUIRE(await(1));
    die_doing("pool: block written down, not taken", 2, [&] {  // of its second letter
        sender<C> out{name};
        receiver<C> back{name};
        out.send(letter::make(letter::survivor, 0));
        PARLEY_CHECK_IN_CHILD(back.try_receive());
        out.send(letter::make(letter::survivor, 1));
    });
    const auto let_it_be_taken = [&] {
        int attached = 1;
        step->compare_exchange_strong(attached, 2);
        CHECK(await(3));
    };
    at_point = let_it_be_taken;
    point = "pool's dead: block found, not free";
    os::crash_point_hook = &point_hook;
    sender<C> out{name};  // in the place of the dead one
    os::crash_point_hook = nullptr;
    let_it_be_taken();
    CHECK(send_all(out) == blocks - 1);
    step->store(4);
    CHECK(taker.join_ok());
    CHECK(C::remove(name));
}

/// A sender is killed on the way to the link, where an empty link says something to a lone receiver only. Senders that
/// come and go do not keep that one from finding out, nor do receivers that have gone again.
template <class C>
void lose_a_block_while_others_come_and_go() {
    INFO(C::describe());
    const auto name = unique_name("crash-lost");
    receiver<C> in{create_only, name, four_blocks<C>};
    die_doing("pool: on the way, not in the link", 1, [&] { sender<C>{name}.send(letter::make(letter::survivor, 0)); });
    std::size_t found = 0;
    const auto all_there = [&] {
        found = send_all(sender<C>{name});
        for (std::size_t each = 0; each < found; ++each) {
            CHECK(in.try_receive());
        }
        CHECK_FALSE(in.try_receive());
        if (found < blocks) {
            receiver<C>{name};
        }
        return found == blocks;
    };
    CHECK_FALSE(all_there());
    CHECK(eventually(all_there));
    CHECK(found == blocks);
    CHECK(C::remove(name));
}

/// A sender is killed while it takes away what another one has spare: that one gets on, and so do others.
void die_while_taking_what_is_spare(const std::string& where) {
    INFO(where);
    using C = four<>;
    const auto name = unique_name("crash-spare");
    receiver<C> in{create_only, name, four_blocks<C>};
    sender<C> idle{name};
    const auto send_all_and_receive = [&](sender<C>& out) {
        const auto sent = send_all(out);
        for (std::size_t each = 0; each < sent; ++each) {
            CHECK(in.try_receive());
        }
        return sent;
    };
    for (std::uint32_t number = 0; number < 2 * blocks; ++number) {
        idle.send(letter::make(letter::survivor, number));
        CHECK(in.try_receive());
    }
    die_doing(where.c_str(), 1, [&] { static_cast<void>(send_all(sender<C>{name})); });
    for (std::size_t each = 0; each < blocks - 1; ++each) {
        CHECK(in.try_receive());
    }
    CHECK_FALSE(in.try_receive());
    CHECK(send_all_and_receive(idle) == blocks);
    sender<C> other{name};
    CHECK(send_all_and_receive(other) == blocks);
    CHECK(C::remove(name));
}

/// Between seeing a spare block and asking for it a sender sleeps. Meanwhile the owner sends that one, and has another
/// one spare, which a third sender takes away: whatever the late one asks for, the owner is told of that.
void ask_late_for_what_is_spare() {
    using C = four<>;
    const auto name = unique_name("crash-late");
    receiver<C> in{create_only, name, four_blocks<C>};
    sender<C> owner{name};
    sender<C> late{name};
    sender<C> third{name};
    const auto receive = [&](std::uint32_t from) {
        const auto it = in.try_receive();
        REQUIRE(it);
        CHECK(it->whole());
        CHECK(it->from == from);
    };
    for (std::uint32_t number = 0; number < 2 * blocks; ++number) {
        owner.send(letter::make(1, number));
        receive(1);
    }
    for (std::uint32_t number = 1; number < blocks; ++number) {
        CHECK(late.try_send(letter::make(2, number)));
    }
    bool is_asleep = false;
    at_point = [&] {
        is_asleep = true;
        os::crash_point_hook = nullptr;
        owner.send(letter::make(1, 1));
        for (const auto from : {2U, 2U, 2U, 1U}) {
            receive(from);
        }
        owner.send(letter::make(1, 2));
        for (std::uint32_t number = 1; number < blocks; ++number) {  // the last one is the owner's spare one
            CHECK(third.try_send(letter::make(3, number)));
        }
    };
    point = "pool's spare: seen, not asked for";
    os::crash_point_hook = &point_hook;
    CHECK_FALSE(late.try_send(letter::make(2, 4)));
    os::crash_point_hook = nullptr;
    CHECK(is_asleep);
    CHECK_FALSE(owner.try_send(letter::make(1, 3)));
    for (const auto from : {1U, 3U, 3U, 3U}) {
        receive(from);
    }
    CHECK_FALSE(in.try_receive());
    CHECK(send_all(owner) == blocks);
    CHECK(C::remove(name));
}

/// All blocks are lost on the way; then somebody needs one, and `receive` waits in an event loop, without a timeout.
template <class Send, class Receive>
void lose_all_blocks_of_an_event_loop(Send send, Receive receive) {
    shared<std::atomic<bool>> is_there{false};
    child loop("loop", [&] { receive([&] { is_there->store(true); }); });
    REQUIRE(eventually([&] { return is_there->load(); }));
    for (std::uint32_t each = 0; each < blocks; ++each) {
        die_doing("pool: on the way, not in the link", 1, [&] { send(each); });
    }
    child next("sender", [&] { send(7); });
    CHECK(next.join_ok());
    CHECK(loop.join_ok());
}

/// Until a letter is there.
template <class Receiver>
[[nodiscard]] auto receive_by_poll(Receiver& in) {
    for (;;) {
        ::pollfd bell{in.native_handle(), POLLIN, 0};
        static_cast<void>(::poll(&bell, 1, -1));
        if (auto it = in.try_receive()) {
            return *it;
        }
    }
}

}  // namespace

TEST_CASE("who frees the blocks of the dead frees none that somebody has taken meanwhile") {
    let_a_block_be_taken_behind_the_back_of_who_frees();
}

TEST_CASE("who takes away what another sender has spare may be killed at it") {
    for (const auto& each : crash_points_in_sources("pool's spare:")) {
        die_while_taking_what_is_spare(each);
    }
}

TEST_CASE("what a sender has spare, and two others want, is used once") { ask_late_for_what_is_spare(); }

TEST_CASE("a block is found that was lost on the way, whoever comes and goes meanwhile") {
    lose_a_block_while_others_come_and_go<four<mailbox_by<parley::any, at_least_once>>>();
    lose_a_block_while_others_come_and_go<four<>>();
}

TEST_CASE("blocks that are lost on the way to an event loop without a timeout come back to who needs one") {
    const auto name = unique_name("crash-loop");
    SECTION("of a mailbox") {
        using C = four<>;
        lose_all_blocks_of_an_event_loop(
            [&](std::uint32_t number) {
                sender<C>{open_only, name, {.open_within = std::chrono::seconds(10)}}.send(letter::make(1, number));
            },
            [&](auto there) {
                receiver<C> in{create_only, name, four_blocks<C>};
                there();
                PARLEY_CHECK_IN_CHILD(receive_by_poll(in).number == 7);
            });
        CHECK(C::remove(name));
    }
    SECTION("of an endpoint") {
        using C = four<direct>;
        lose_all_blocks_of_an_event_loop(
            [&](std::uint32_t number) {
                endpoint<C>{name + "-peer", four_blocks<C>}.send(name, letter::make(1, number));
            },
            [&](auto there) {
                endpoint<C> in{name, four_blocks<C>};
                there();
                PARLEY_CHECK_IN_CHILD(receive_by_poll(in).second.number == 7);
            });
        CHECK(files_named(name).empty());
    }
}
