#include <cerrno>
#include <csignal>
#include <ctime>

#include <signal.h>
#include <unistd.h>

#include <parley/os/descriptor.hpp>
#include <parley/os/without_sigpipe.hpp>

#include "support/catch.hpp"

using parley::os::without_sigpipe;

namespace {

/// A pipe that nobody reads.
parley::os::descriptor broken_pipe() {
    int ends[2];
    REQUIRE(::pipe(ends) == 0);
    ::close(ends[0]);
    return parley::os::descriptor{ends[1]};
}

bool is_pending() {
    ::sigset_t pending;
    ::sigpending(&pending);
    return ::sigismember(&pending, SIGPIPE) == 1;
}

}  // namespace

TEST_CASE("a write to a pipe that nobody reads fails without a signal") {
    std::signal(SIGPIPE, SIG_DFL);
    const auto pipe = broken_pipe();
    const auto written = without_sigpipe{}.run([&] { return ::write(pipe.get(), "x", 1); });
    CHECK(written == -1);
    CHECK(errno == EPIPE);
    CHECK_FALSE(is_pending());
    ::sigset_t now;
    REQUIRE(::pthread_sigmask(SIG_SETMASK, nullptr, &now) == 0);
    CHECK(::sigismember(&now, SIGPIPE) == 0);
}

TEST_CASE("a signal that was pending before stays so, and the mask as it was") {
    ::sigset_t only;
    ::sigset_t before;
    ::sigemptyset(&only);
    ::sigaddset(&only, SIGPIPE);
    REQUIRE(::pthread_sigmask(SIG_BLOCK, &only, &before) == 0);
    const auto pipe = broken_pipe();
    CHECK(without_sigpipe{}.run([&] { return ::write(pipe.get(), "x", 1); }) == -1);
    CHECK_FALSE(is_pending());
    REQUIRE(::raise(SIGPIPE) == 0);
    CHECK(without_sigpipe{}.run([&] { return ::write(pipe.get(), "x", 1); }) == -1);
    CHECK(is_pending());
    const ::timespec at_once{};
    CHECK(::sigtimedwait(&only, nullptr, &at_once) == SIGPIPE);
    REQUIRE(::pthread_sigmask(SIG_SETMASK, &before, nullptr) == 0);
}
