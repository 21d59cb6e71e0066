#include "crash/every_role.hpp"

using namespace parley;
using namespace parley::test;

/// Making and removing queue objects: a process that dies on the way leaves nothing, or what the next one clears away.

namespace {

template <class Act>
std::vector<const char*> points_of(Act act) {
    shared<passes> seen;
    child recorder("recorder", [&] {
        note_crash_points(*seen);
        act();
    });
    CHECK(recorder.join_ok());
    return seen->names();
}

template <class Act>
void kill_in(Act act, const char* where, unsigned passing) {
    child victim("victim", [&] {
        die_at({where, passing});
        act();
    });
    const int status = victim.join();
    CHECK((status == 128 + SIGKILL || (status == 0 && passing > 1)));
    deaths().insert(where);
}

/// The channel of that name, opened or made anew, has its whole capacity.
template <class C>
void check_usable(const std::string& name) {
    receiver<C> in{name};
    sender<C> out{name};
    if constexpr (C::template word<buffering_axis>::rendezvous) {
        child taker("taker", [&] { CHECK(receiver<C>{name}.receive().whole()); });
        out.send(letter::make(0, 7));
        CHECK(taker.join_ok());
    } else {
        std::size_t count = 0;
        while (out.try_send(letter::make(0, 7))) {
            ++count;
        }
        CHECK(count == C::template word<buffering_axis>::capacity);
        while (const auto got = in.try_receive()) {
            CHECK(got->whole());
        }
    }
}

/// Nothing of the channel is left, whatever `objects` spoke of.
template <class C>
void check_nothing_left(const std::string& name, const queue_objects<C>& objects) {
    CHECK(objects.count() == 0);
    CHECK_FALSE(objects.books_are_there());
    CHECK(files_named(name).empty());
}

template <class C>
void kill_makers() {
    INFO(C::describe());
    const auto name = unique_name("crash-making");
    const auto make = [&] {
        receiver<C> in{create_only, name};
        sender<C> out{name};
        if constexpr (C::template word<buffering_axis>::rendezvous) {
            static_cast<void>(out.send_for(letter::make(0, 1), std::chrono::milliseconds(1)));
        }
    };
    const auto points = points_of(make);
    C::remove(name);
    for (const auto* where : points) {
        if (!std::string_view(where).starts_with("queue object:") &&
            !std::string_view(where).starts_with("segment: named")) {
            continue;
        }
        for (const unsigned passing : {1U, 2U}) {
            INFO("killed at '" << where << "', passing " << passing);
            for (const bool reopen : {false, true}) {
                kill_in(make, where, passing);
                if (reopen) {
                    check_usable<C>(name);
                }
                const queue_objects<C> objects(name);
                C::remove(name);
                check_nothing_left(name, objects);
            }
        }
    }
}

template <class C>
void kill_removers() {
    INFO(C::describe());
    const auto name = unique_name("crash-removing");
    const auto remove = [&] { C::remove(name); };
    { receiver<C>{create_only, name}; }
    for (const auto* where : points_of(remove)) {
        INFO("killed at '" << where << "'");
        for (const bool reopen : {false, true}) {
            auto attached = std::make_unique<receiver<C>>(create_only, name);
            const queue_objects<C> before(name);
            kill_in(remove, where, 1);
            CHECK_THROWS_AS(attached->receive_for(std::chrono::seconds(10)), error);  // closed, not a hang
            if (reopen) {
                check_usable<C>(name);
            }
            const queue_objects<C> objects(name);
            C::remove(name);
            attached.reset();
            check_nothing_left(name, objects);
            CHECK(before.count() == 0);
        }
    }
}

}  // namespace

TEST_CASE("who is killed making or removing a queue object leaves nothing that the next one trips over") {
    kill_makers<mail<mqueue, bounded<4>>>();
    kill_makers<mail<mqueue, zero>>();
    kill_makers<mail<sysv_mqueue, bounded<4>>>();
    kill_makers<mail<fifo, bounded<4>>>();
    kill_makers<mail<fifo, zero>>();
    kill_removers<mail<mqueue, bounded<4>>>();
    kill_removers<mail<sysv_mqueue, bounded<4>>>();
    kill_removers<mail<fifo, bounded<4>>>();
    CHECK(untested("queue object:") == std::set<std::string>{});
}
