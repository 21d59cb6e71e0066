#include "support/process.hpp"

#include <array>
#include <atomic>
#include <stdexcept>
#include <string>

#include "support/catch.hpp"

using parley::test::child;
using parley::test::duration;
using parley::test::eventually;
using parley::test::shared;
using parley::test::unique_name;
using parley::test::watchdog;

namespace {

using flag = shared<std::atomic<bool>>;
using counter = shared<std::atomic<std::uint64_t>>;

void hang() {
    for (;;) {
        ::pause();
    }
}

/// Runs `body` in a child whose standard error comes back as text, with its exit status.
template <class Body>
std::pair<int, std::string> overheard(Body body) {
    std::array<int, 2> ends{};
    REQUIRE(::pipe(ends.data()) == 0);
    child speaker{"speaker", [&] {
                      ::dup2(ends[1], STDERR_FILENO);
                      ::dup2(ends[1], STDOUT_FILENO);
                      ::close(ends[0]);
                      ::close(ends[1]);
                      body();
                  }};
    ::close(ends[1]);
    std::string said;
    std::array<char, 4096> buffer{};
    for (ssize_t got = 0; (got = ::read(ends[0], buffer.data(), buffer.size())) > 0;) {
        said.append(buffer.data(), static_cast<std::size_t>(got));
    }
    ::close(ends[0]);
    return {speaker.join(), said};
}

bool contains(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

}  // namespace

TEST_CASE("a child whose body returns ends with 0") {
    child quiet{[] {}};
    CHECK(quiet.pid() > 0);
    CHECK(quiet.join() == 0);
    CHECK(quiet.join() == 0);  // again, from memory
    CHECK(quiet.join_ok());
    CHECK_FALSE(quiet.running());
}

TEST_CASE("a child that throws says what, and ends with 1") {
    const auto [status, said] = overheard([] { throw std::runtime_error{"the well is dry"}; });
    CHECK(status == 1);
    CHECK(contains(said, "the well is dry"));

    const auto [other_status, other_said] = overheard([] { throw 7; });
    CHECK(other_status == 1);
    CHECK(contains(other_said, "no std::exception"));
}

TEST_CASE("a check that fails in a child says where, and ends it with 1") {
    const auto [status, said] = overheard([] { PARLEY_CHECK_IN_CHILD(1 + 1 == 3); });
    CHECK(status == 1);
    CHECK(contains(said, "process_test.cpp:"));
    CHECK(contains(said, "1 + 1 == 3"));

    child content{[] { PARLEY_CHECK_IN_CHILD(1 + 1 == 2); }};
    CHECK(content.join_ok());
}

TEST_CASE("parent and child see each other's writes in shared memory") {
    counter there{0U};
    counter back{0U};
    child echo{[&] {
        PARLEY_CHECK_IN_CHILD(eventually([&] { return there->load(std::memory_order_acquire) == 42; }));
        back->store(43, std::memory_order_release);
    }};
    there->store(42, std::memory_order_release);
    CHECK(eventually([&] { return back->load(std::memory_order_acquire) == 43; }));
    CHECK(echo.join_ok());
}

TEST_CASE("kill9 ends a child, whatever it does") {
    flag started{false};
    child victim{[&] {
        started->store(true, std::memory_order_release);
        hang();
    }};
    REQUIRE(eventually([&] { return started->load(std::memory_order_acquire); }));
    CHECK(victim.running());
    CHECK(victim.kill9() == 128 + SIGKILL);
    CHECK_FALSE(victim.running());
    CHECK(::kill(victim.pid(), 0) == -1);  // reaped, too
    CHECK(victim.join() == 128 + SIGKILL);
    CHECK_FALSE(victim.join_ok());
}

TEST_CASE("a stopped child stands still until it is resumed") {
    counter beats{0U};
    child heart{[&] {
        for (;;) {
            beats->fetch_add(1, std::memory_order_relaxed);
            ::sched_yield();
        }
    }};
    const auto goes_on = [&] {
        const auto now = beats->load(std::memory_order_relaxed);
        return eventually([&] { return beats->load(std::memory_order_relaxed) > now; });
    };
    CHECK(goes_on());
    heart.stop();
    const auto stopped_at = beats->load(std::memory_order_relaxed);
    for (int round = 0; round < 1000; ++round) {
        ::sched_yield();
    }
    CHECK(beats->load(std::memory_order_relaxed) == stopped_at);
    heart.stop();  // once more changes nothing
    heart.resume();
    CHECK(goes_on());

    heart.stop();
    CHECK(heart.kill9() == 128 + SIGKILL);
    heart.stop();
    heart.resume();
}

TEST_CASE("stopping a child that has ended does not wait for ever") {
    child gone{[] {}};
    REQUIRE(eventually([&] { return !gone.running(); }));
    gone.stop();
    gone.resume();
    CHECK(gone.join_ok());
}

TEST_CASE("the destructor leaves no process behind") {
    pid_t pid = 0;
    {
        child forgotten{hang};
        pid = forgotten.pid();
        child moved{std::move(forgotten)};
        CHECK(moved.pid() == pid);
    }
    CHECK(::kill(pid, 0) == -1);
}

TEST_CASE("a child goes with its parent, unless it is told to stay") {
    for (const bool stays : {false, true}) {
        counter grandchild_pid{0U};
        flag ready{false};
        flag leave{false};
        flag left{false};
        child parent{[&] {
            child grandchild{[&] {
                if (stays) {
                    parley::test::outlive_parent();
                }
                ready->store(true, std::memory_order_release);
                PARLEY_CHECK_IN_CHILD(eventually([&] { return leave->load(std::memory_order_acquire); }));
                left->store(true, std::memory_order_release);
            }};
            grandchild_pid->store(static_cast<std::uint64_t>(grandchild.pid()), std::memory_order_release);
            hang();
        }};
        REQUIRE(eventually([&] {
            return ready->load(std::memory_order_acquire) && grandchild_pid->load(std::memory_order_acquire) != 0;
        }));
        parent.kill9();
        if (stays) {
            leave->store(true, std::memory_order_release);
            CHECK(eventually([&] { return left->load(std::memory_order_acquire); }));
        } else {
            // Its new parent may never reap it: a zombie is dead enough.
            const auto pid = static_cast<pid_t>(grandchild_pid->load(std::memory_order_acquire));
            CHECK(eventually([&] { return ::kill(pid, 0) != 0 || parley::test::state_of(pid) == 'Z'; }));
            CHECK_FALSE(left->load(std::memory_order_acquire));
        }
    }
}

TEST_CASE("join ends a child that hangs, and says where") {
    const auto [status, said] = overheard([] {
        child stuck{"the stuck one", hang, duration{0.05}};
        PARLEY_CHECK_IN_CHILD(stuck.join() == child::timed_out);
        PARLEY_CHECK_IN_CHILD(!stuck.running());
    });
    CHECK(status == 0);
    CHECK(contains(said, "child 'the stuck one' has not ended"));
    CHECK((contains(said, "pause") || contains(said, "no backtrace")));
}

TEST_CASE("a watchdog ends its own process, and says where") {
    const auto [status, said] = overheard([] {
        const watchdog impatient{"a test that hangs", duration{0.05}};
        hang();
    });
    CHECK(status == 128 + SIGABRT);
    CHECK(contains(said, "watchdog: 'a test that hangs' has not ended"));
    CHECK((contains(said, "pause") || contains(said, "no backtrace")));
}

TEST_CASE("a watchdog that is destroyed in time does nothing") {
    child punctual{[] { const watchdog patient{"nothing", duration{3600.0}}; }};
    CHECK(punctual.join_ok());
}

TEST_CASE("eventually gives up on what never comes") {
    CHECK(eventually([] { return true; }, duration{0.0}));
    CHECK_FALSE(eventually([] { return false; }, duration{0.001}));
}

TEST_CASE("names are unique in and across processes") {
    shared<std::array<char, 200>> theirs{};
    const std::string mine = unique_name("orders");
    CHECK(mine != unique_name("orders"));
    CHECK(mine.rfind("orders-", 0) == 0);
    child other{[&] { unique_name("orders").copy(theirs->data(), theirs->size() - 1); }};
    CHECK(other.join_ok());
    CHECK(std::string{theirs->data()}.rfind("orders-", 0) == 0);
    CHECK(mine != theirs->data());
}
