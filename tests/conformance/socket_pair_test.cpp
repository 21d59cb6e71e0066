#include <array>
#include <cstdint>
#include <cstdlib>
#include <optional>
#include <string>
#include <utility>

#include <spawn.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <parley/parley.hpp>

#include "conformance/venue.hpp"
#include "support/catch.hpp"
#include "support/pass_descriptor.hpp"

/// Pairs of sockets, whose ends are handed on by descriptor.

namespace parley::conformance {

namespace {

constexpr const char* number_variable = "PARLEY_TEST_DESCRIPTOR";
constexpr std::uint32_t count = 200;  // more than the window, so that credits come back

template <class Transport>
using link_over = channel<item, Transport, direct>;
template <class Transport>
using port_over = channel<item, Transport, port>;

/// What the other process does with its end of a pair of links: says back what it hears.
template <class C>
void echo(link<C> end) {
    for (std::uint32_t number = 0; number < count; ++number) {
        end.send(end.receive());
    }
    PARLEY_CHECK_IN_CHILD(thrown_by([&] { return end.receive(); }) == errc::closed);
}

template <class C>
void talk(link<C>& end) {
    for (std::uint32_t number = 0; number < count; ++number) {
        end.send(item::make(1, number));
        CHECK(end.receive().number == number);
    }
}

/// Executes this program anew, with only the test of that tag, and one descriptor that it inherits.
pid_t execute_anew(std::string which, int descriptor) {
    const int inherited = ::dup(descriptor);  // dup(2): not closed on exec
    REQUIRE(inherited >= 0);
    ::setenv(number_variable, std::to_string(inherited).c_str(), 1);
    std::string program = "/proc/self/exe";
    std::array<char*, 3> arguments{program.data(), which.data(), nullptr};
    pid_t pid = 0;
    REQUIRE(::posix_spawn(&pid, program.c_str(), nullptr, nullptr, arguments.data(), environ) == 0);
    ::close(inherited);
    ::unsetenv(number_variable);
    return pid;
}

template <class C>
void pass_by_exec(const std::string& tag) {
    auto ends = C::pair();
    auto mine = std::move(ends.first);
    auto others = std::optional{std::move(ends.second)};
    const auto pid = execute_anew(tag, others->descriptor());
    others.reset();
    talk(mine);
    { const auto leaves = std::move(mine); }
    int status = -1;
    ::waitpid(pid, &status, 0);
    CHECK(status == 0);
}

template <class C>
void echo_inherited() {
    if (const char* number = std::getenv(number_variable)) {
        echo(link<C>{from_descriptor, std::atoi(number), 1});
    }
}

}  // namespace

TEMPLATE_TEST_CASE("an end of a pair of links is handed to an unrelated process through a socket", "",
                   link_over<unix_stream>, link_over<unix_seqpacket>) {
    using C = TestType;
    std::array<int, 2> sockets{};
    REQUIRE(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, sockets.data()) == 0);
    // Forked before the pair is made: it inherits nothing of it.
    child stranger{"stranger", [&] { echo(link<C>{from_descriptor, test::receive_descriptor(sockets[1]), 1}); }};
    {
        auto ends = C::pair();
        auto mine = std::move(ends.first);
        {
            const auto others = std::move(ends.second);
            REQUIRE(test::send_descriptor(sockets[0], others.descriptor()));
        }
        talk(mine);
    }
    CHECK(stranger.join_ok());
    ::close(sockets[0]);
    ::close(sockets[1]);
}

TEMPLATE_TEST_CASE("the sender's end of a pair is handed to an unrelated process through a socket", "",
                   port_over<unix_stream>, port_over<unix_seqpacket>) {
    using C = TestType;
    std::array<int, 2> sockets{};
    REQUIRE(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, sockets.data()) == 0);
    child stranger{"stranger", [&] {
                       sender<C> out{from_descriptor, test::receive_descriptor(sockets[1])};
                       for (std::uint32_t number = 0; number < count; ++number) {
                           out.send(item::make(1, number));
                       }
                   }};
    auto ends = C::pair();
    auto in = std::move(ends.second);
    {
        const auto others = std::move(ends.first);
        REQUIRE(test::send_descriptor(sockets[0], others.descriptor()));
    }
    for (std::uint32_t number = 0; number < count; ++number) {
        CHECK(in.receive().number == number);
    }
    CHECK(thrown_by([&] { return in.receive(); }) == errc::closed);
    CHECK(stranger.join_ok());
    ::close(sockets[0]);
    ::close(sockets[1]);
}

TEST_CASE("an end of a pair of stream sockets is handed on by exec") {
    pass_by_exec<link_over<unix_stream>>("[.stream anew]");
}
TEST_CASE("the program that the test with stream sockets executes anew", "[.stream anew]") {
    echo_inherited<link_over<unix_stream>>();
}

TEST_CASE("an end of a pair of packet sockets is handed on by exec") {
    pass_by_exec<link_over<unix_seqpacket>>("[.packets anew]");
}
TEST_CASE("the program that the test with packet sockets executes anew", "[.packets anew]") {
    echo_inherited<link_over<unix_seqpacket>>();
}

}  // namespace parley::conformance
