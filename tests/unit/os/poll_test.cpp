#include <parley/os/poll.hpp>

#include <array>
#include <atomic>
#include <chrono>
#include <csignal>
#include <fstream>
#include <string>

#include <fcntl.h>
#include <unistd.h>

#include <parley/os/descriptor.hpp>

#include "support/catch.hpp"
#include "support/process.hpp"

using namespace parley;
using namespace std::chrono_literals;

namespace {

struct plain_pipe {
    plain_pipe() {
        std::array<int, 2> ends{};
        REQUIRE(::pipe2(ends.data(), O_CLOEXEC | O_NONBLOCK) == 0);
        out = os::descriptor{ends[0]};
        in = os::descriptor{ends[1]};
    }
    void write() const { REQUIRE(::write(in.get(), "x", 1) == 1); }
    void fill() const {
        while (::write(in.get(), "x", 1) == 1) {
        }
    }

    os::descriptor out;
    os::descriptor in;
};

/// Whether the first thread of a process sleeps, as it does in poll(2).
[[nodiscard]] bool sleeps(::pid_t process) {
    std::string line;
    std::getline(std::ifstream("/proc/" + std::to_string(process) + "/stat"), line);
    const auto name_ends = line.rfind(')');
    return name_ends != std::string::npos && line.compare(name_ends, 3, ") S") == 0;
}

}  // namespace

TEST_CASE("a descriptor is ready for what can be done with it at once") {
    const plain_pipe both;
    CHECK_FALSE(os::is_ready(both.out.get(), POLLIN));
    CHECK(os::is_ready(both.in.get(), POLLOUT));
    both.write();
    CHECK(os::is_ready(both.out.get(), POLLIN));
    both.fill();
    CHECK_FALSE(os::is_ready(both.in.get(), POLLOUT));
    CHECK_FALSE(os::is_ready(both.in.get(), POLLIN));
}

TEST_CASE("the end of the other side shows, whatever was asked for") {
    SECTION("of who writes") {
        plain_pipe both;
        both.in.reset();
        CHECK(os::is_ready(both.out.get(), POLLIN));
        CHECK(os::is_ready(both.out.get(), 0));
    }
    SECTION("of who reads") {
        plain_pipe both;
        both.fill();
        CHECK_FALSE(os::is_ready(both.in.get(), 0));
        both.out.reset();
        CHECK(os::is_ready(both.in.get(), POLLOUT));
        CHECK(os::is_ready(both.in.get(), 0));
    }
}

TEST_CASE("a number that is no descriptor is ready, for the call to come to say why not") {
    plain_pipe both;
    const int number = both.out.get();
    both.out.reset();
    CHECK(os::is_ready(number, POLLIN));
}

TEST_CASE("a wait in vain takes its time") {
    const plain_pipe both;
    const auto begin = os::clock::now();
    CHECK_FALSE(os::poll_for(both.out.get(), POLLIN, 5ms));
    CHECK(os::clock::now() - begin >= 5ms);
}

TEST_CASE("a wait ends when what was waited for comes") {
    const plain_pipe both;
    const auto waiting = ::getpid();
    test::child writer("writer", [&] {
        PARLEY_CHECK_IN_CHILD(test::eventually([&] { return sleeps(waiting); }));
        PARLEY_CHECK_IN_CHILD(::write(both.in.get(), "x", 1) == 1);
    });
    CHECK(os::poll_for(both.out.get(), POLLIN, 1h));
    CHECK(writer.join_ok());
}

TEST_CASE("a wait ends with the process at the other side") {
    plain_pipe both;
    const auto waiting = ::getpid();
    test::child writer("writer", [&] {
        PARLEY_CHECK_IN_CHILD(test::eventually([&] { return sleeps(waiting); }));
        ::raise(SIGKILL);
    });
    both.in.reset();
    CHECK(os::poll_for(both.out.get(), POLLIN, 1h));
    CHECK(writer.join() == 128 + SIGKILL);
}

TEST_CASE("a signal handler ends a wait early") {
    struct ::sigaction before {};
    struct ::sigaction handler {};
    handler.sa_handler = [](int) {};
    REQUIRE(::sigaction(SIGUSR1, &handler, &before) == 0);
    const plain_pipe both;
    const test::shared<std::atomic<bool>> over;
    const auto waiting = ::getpid();
    test::child caller("caller", [&] {
        // A signal that comes before the wait has begun is none too many.
        PARLEY_CHECK_IN_CHILD(test::eventually([&] {
            if (sleeps(waiting)) {
                ::kill(waiting, SIGUSR1);
            }
            return over->load();
        }));
    });
    CHECK_FALSE(os::poll_for(both.out.get(), POLLIN, 1h));
    over->store(true);
    CHECK(caller.join_ok());
    ::sigaction(SIGUSR1, &before, nullptr);
}
