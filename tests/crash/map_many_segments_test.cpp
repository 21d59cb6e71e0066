#include "die_doing.hpp"
#include "duel.hpp"
#include "every_role.hpp"

#include <cerrno>
#include <fstream>
#include <system_error>

#include <sys/resource.h>

using namespace parley;
using namespace parley::test;

// What all pools have in common dies in map_test.cpp; here, what is of segments of their own.

namespace {

using many = map_by<many_segments>;

std::set<std::string> bodies_of(const std::string& name) {
    auto result = files_named(name);
    std::erase_if(result, [](const auto& each) { return !each.starts_with("parley-block."); });
    return result;
}

/// Its sender is killed where a new segment is made, and the next one makes it again.
template <class C>
void kill_who_makes_a_segment() {
    for (const auto* where : {"segment: reserved, not built", "segment: built, not named", "segment: named",
                              "pool: memory reserved, blocks not counted"}) {
        const auto name = unique_name("crash-make");
        receiver<C> in{create_only, name};
        child victim("sender", [&] {
            sender<C> out{name};
            die_at({where, 1});
            out.send(letter::make(letter::survivor, 0));
        });
        CHECK(victim.join() == 128 + SIGKILL);
        CHECK(bodies_of(name).size() <= 1);
        child next("sender", [&] { sender<C>{name}.send(letter::make(letter::survivor, 1)); });
        CHECK(in.receive().number == 1);
        CHECK(next.join_ok());
        CHECK(bodies_of(name).size() == 1);
        CHECK(C::remove(name));
        CHECK(files_named(name).empty());
    }
}

/// Several segments in a new channel.
template <class C>
void fill(const std::string& name) {
    const auto before = bodies_of(name).size();
    sender<C> out{name};
    for (std::uint32_t number = 0; number < 3; ++number) {
        CHECK(out.try_send(letter::make(letter::survivor, number)));
    }
    CHECK(bodies_of(name).size() == before + 3);
}

constexpr auto among_bodies = "many segments: a body removed, others not";
constexpr auto not_settled = "many segments: remains removed, pool not settled";

}  // namespace

TEST_CASE("the segments of a pool go with it, wherever its remover is killed") {
    using C = mail<many, bounded<4>>;
    for (const auto* where : {"segment: closed, name not taken away", among_bodies}) {
        for (unsigned passing = 1; passing <= (where == among_bodies ? 3U : 1U); ++passing) {
            INFO(where << ", " << passing);
            for (const bool opened : {true, false}) {
                const auto name = unique_name("crash-remove");
                fill<C>(name);
                // The link dies first, and has a point of the same name.
                const auto nth = where == among_bodies ? passing : 2;
                die_doing(where, nth, [&] { C::remove(name); });
                if (opened) {  // a new channel, and nothing of the old one
                    receiver<C> in{name};
                    CHECK(bodies_of(name).empty());
                    CHECK_FALSE(in.try_receive());
                }
                C::remove(name);
                CHECK(files_named(name).empty());
            }
        }
    }
}

TEST_CASE("the segments of a port's pool go when its owner is killed, also where its heir is") {
    using C = mail<many, port, bounded<4>>;
    const auto name = unique_name("crash-owner");
    child owner("owner", [&] {
        receiver<C> in{create_only, name};
        fill<C>(name);
        ::kill(::getpid(), SIGKILL);
    });
    CHECK(owner.join() == 128 + SIGKILL);
    CHECK(bodies_of(name).size() == 3);
    die_doing(among_bodies, 2, [&] { receiver<C> heir{name}; });
    CHECK(bodies_of(name).size() == 1);
    {
        receiver<C> heir{name};
        CHECK(bodies_of(name).empty());
        fill<C>(name);
        for (std::uint32_t number = 0; number < 3; ++number) {
            CHECK(heir.receive().number == number);
        }
    }
    CHECK(files_named(name).empty());
}

TEST_CASE("what is left of a pool whose file is gone is cleared by the next process, or the one after") {
    using C = mail<many, bounded<4>>;
    for (const bool opened : {true, false}) {
        const auto name = unique_name("crash-remains");
        fill<C>(name);
        REQUIRE(std::filesystem::remove("/dev/shm/parley-blocks.shm." + name));
        REQUIRE(std::filesystem::remove("/dev/shm/parley." + name));
        const auto others = {"/dev/shm/parley-block.shm." + name + ".x.12345678.0.0.9abcdef1",
                             "/dev/shm/parley-block.shm." + name + ".1.0"};
        for (const auto& each : others) {  // of another pool, and of none
            std::ofstream(each).put('x');
        }
        if (opened) {
            die_doing(among_bodies, 2, [&] { sender<C> next{name}; });
            CHECK(bodies_of(name).size() == 1 + others.size());
            die_doing(not_settled, 1, [&] { sender<C> next{name}; });
            CHECK(bodies_of(name).size() == others.size());
            fill<C>(name);
        }
        CHECK(C::remove(name));
        CHECK(bodies_of(name).size() == others.size());
        for (const auto& each : others) {
            CHECK(std::filesystem::remove(each));
        }
        CHECK(files_named(name).empty());
    }
}

TEST_CASE("who may open no more files is told so of a closed pool, and not that it is another's") {
    using C = mail<many, bounded<4>>;
    const auto name = unique_name("crash-files");
    fill<C>(name);
    die_doing("segment: closed, name not taken away", 2, [&] { C::remove(name); });  // the pool's, after the ring's
    child next("next", [&] {
        std::error_code warmed;  // the sanitizer opens a descriptor at the first use of a type
        const sender<C> nobody{open_only, name + "-none", {}, warmed};
        PARLEY_CHECK_IN_CHILD(warmed == errc::not_found);
        try {
            os::throw_system(EMFILE, "as below");
        } catch (const error& thrown) {
            PARLEY_CHECK_IN_CHILD(thrown.code() == errc::no_space);
        }
        ::rlimit limit{};
        PARLEY_CHECK_IN_CHILD(::getrlimit(RLIMIT_NOFILE, &limit) == 0);
        bool opened = false;
        for (limit.rlim_cur = 3; !opened; ++limit.rlim_cur) {
            PARLEY_CHECK_IN_CHILD(::setrlimit(RLIMIT_NOFILE, &limit) == 0);
            std::error_code code;
            opened = bool{sender<C>{name, code}};
            PARLEY_CHECK_IN_CHILD(opened || code == errc::no_space);
        }
    });
    CHECK(next.join_ok());
    CHECK(C::remove(name));
    CHECK(files_named(name).empty());
}

// One TEST_CASE, so that at its end every crash point has had its death, but for those above.
TEST_CASE("mailboxes whose messages stay in segments of their own survive death anywhere") {
    kill_who_makes_a_segment<mail<many, bounded<4>>>();
    kill_in_every_role<mail<many, bounded<4>>>();
    kill_in_every_role<mail<many, mailbox_by<parley::any, at_least_once>, bounded<64>>>(1);
    kill_in_every_role<mail<many, zero>>(1, {role::send, role::loan, role::receive, role::take});
    kill_in_every_role<mail<mqueue, many>>(1, {role::send, role::loan, role::receive, role::take});
    auto left = untested("many segments:");
    left.erase(among_bodies);
    left.erase(not_settled);
    CHECK(left == std::set<std::string>{});
}

TEST_CASE("so do ports and direct links") {
    kill_in_every_role<mail<many, port, bounded<4>>>(1);
    kill_one_of_two<talk<many, bounded<4>>>();
}
