#include <filesystem>

#include "session.hpp"

using namespace parley;
using namespace parley::test;

/// Creating, opening, growing and removing: what a process leaves behind that dies on the way.

namespace {

template <class... Words>
using mail = channel<letter, Words...>;

/// The crash points that `act` passes.
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

/// Kills a process at a crash point of `act`. Whether it died there.
template <class Act>
bool kill_in(Act act, const char* where, unsigned passing, std::set<::pid_t>& pids) {
    child victim("victim", [&] {
        die_at({where, passing});
        act();
    });
    pids.insert(victim.pid());
    const int status = victim.join();
    CHECK((status == 0 || status == 128 + SIGKILL));
    if (status == 128 + SIGKILL) {
        deaths().insert(where);
    }
    return status == 128 + SIGKILL;
}

/// A letter goes through the channel of that name, opened or made anew.
template <class C>
void check_usable(const std::string& name) {
    receiver<C> in{name};
    sender<C> out{name};
    const auto it = wrapped<typename C::message>(letter::make(0, 7));
    CHECK(out.try_send(it));
    while (const auto got = in.try_receive()) {
        CHECK(unwrapped(*got).whole());
    }
}

/// `whole_at_once`: an object has no name before it is complete, so that a dead creator leaves nothing at all.
template <class C>
void kill_creators(const std::string& directory, const std::string& prefix, bool whole_at_once) {
    INFO(C::describe());
    std::set<::pid_t> pids{::getpid()};
    const auto before = segments();
    const auto part = unique_name("crash-segment");
    const auto name = prefix + part;
    const auto create = [&] { receiver<C>{create_only, name}; };
    const auto points = points_of(create);
    C::remove(name);
    CHECK(points.size() >= 3);
    for (const auto* where : points) {
        INFO("killed at '" << where << "'");
        for (const bool reopen : {false, true}) {
            REQUIRE(kill_in(create, where, 1, pids));
            if (whole_at_once && where != std::string_view("segment: named")) {
                CHECK(files_named(part, directory).empty());
            }
            if (reopen) {
                check_usable<C>(name);
            }
            C::remove(name);
            CHECK(files_named(part, directory).empty());
            CHECK(segments_of(pids, before).empty());
        }
    }
}

template <class C>
void kill_removers(const std::string& directory, const std::string& prefix) {
    INFO(C::describe());
    std::set<::pid_t> pids{::getpid()};
    const auto before = segments();
    const auto part = unique_name("crash-segment");
    const auto name = prefix + part;
    const auto remove = [&] { C::remove(name); };
    { receiver<C>{create_only, name}; }
    for (const auto* where : points_of(remove)) {
        INFO("killed at '" << where << "'");
        for (const bool reopen : {false, true}) {
            auto attached = std::make_unique<receiver<C>>(create_only, name);
            REQUIRE(kill_in(remove, where, 1, pids));
            CHECK_THROWS_AS(attached->receive_for(std::chrono::seconds(10)), error);  // closed, not a hang
            if (reopen) {
                check_usable<C>(name);
            }
            C::remove(name);
            attached.reset();
            CHECK(files_named(part, directory).empty());
            CHECK(segments_of(pids, before).empty());
        }
    }
}

}  // namespace

TEST_CASE("a creator that is killed leaves nothing, or what the next one clears away") {
    const auto directory = std::filesystem::temp_directory_path().string();
    kill_creators<mail<bounded<4>>>("/dev/shm", "", true);
    kill_creators<mail<mapped_file, bounded<4>>>(directory, directory + "/", true);
    kill_creators<mail<sysv_shm, bounded<4>>>("/dev/shm", "", false);
    kill_removers<mail<bounded<4>>>("/dev/shm", "");
    kill_removers<mail<mapped_file, bounded<4>>>(directory, directory + "/");
    kill_removers<mail<sysv_shm, bounded<4>>>("/dev/shm", "");

    // Growing: the parts of an unbounded channel go with it, also one that was just being made.
    using growing = channel<bulky_letter, sysv_shm, unbounded>;
    const auto name = unique_name("crash-segment");
    std::set<::pid_t> pids{::getpid()};
    const auto before = segments();
    const auto grow = [&] {
        sender<growing> out{name};
        for (std::uint32_t number = 0; number < 200; ++number) {
            out.send(wrapped<bulky_letter>(letter::make(0, number)));
        }
    };
    for (const auto* where : points_of(grow)) {
        for (unsigned passing = 1; passing <= 3; ++passing) {
            INFO("killed at '" << where << "', passing " << passing);
            kill_in(grow, where, passing, pids);
            check_usable<growing>(name);
            CHECK(growing::remove(name));
            CHECK(files_named(name).empty());
            CHECK(segments_of(pids, before).empty());
        }
    }
    CHECK(untested("segment:") == std::set<std::string>{});
    CHECK(untested("sysv segment:") == std::set<std::string>{});
}

TEST_CASE("an owner that is killed takes its channel along") {
    using owned = mail<owner_lifetime, bounded<4>>;
    const auto name = unique_name("crash-segment");
    for (const bool by_the_receiver : {false, true}) {
        shared<std::atomic<bool>> ready;
        child owner("owner", [&] {
            const sender<owned> mine{create_only, name};
            ready->store(true);
            ::pause();
        });
        REQUIRE(eventually([&] { return ready->load(); }));
        receiver<owned> in{open_only, name};
        sender<owned> out{open_only, name};
        owner.kill9();
        if (by_the_receiver) {
            CHECK_THROWS_AS(in.receive_for(std::chrono::seconds(10)), error);
        } else {
            for (int number = 0; number < 4; ++number) {
                CHECK(out.try_send(letter::make(0, 1)));
            }
            CHECK_THROWS_AS(out.send_for(letter::make(0, 1), std::chrono::seconds(10)), error);
        }
        CHECK(files_named(name).empty());
    }
}

TEST_CASE("every crash point belongs to a family that a test here goes through") {
    const std::set<std::string> families{"chain",
                                         "condvar",
                                         "handoff",
                                         "many segments",
                                         "mpmc",
                                         "parking lot",
                                         "pool",
                                         "pool's dead",
                                         "pool's spare",
                                         "queue",
                                         "queue object",
                                         "queue part",
                                         "queue parts gathered",
                                         "queue parts in turn",
                                         "queue rendezvous",
                                         "segment",
                                         "signal",
                                         "spill",
                                         "spsc",
                                         "sysv segment"};
    const auto all = crash_points_in_sources("");
    CHECK(all.size() >= 35);
    for (const auto& each : all) {
        INFO(each);
        CHECK(families.contains(each.substr(0, each.find(':'))));
    }
}
