#include <array>
#include <chrono>
#include <csignal>
#include <cstdint>
#include <optional>
#include <system_error>
#include <tuple>
#include <utility>

#include <poll.h>
#include <sys/resource.h>
#include <unistd.h>

#include <parley/parley.hpp>

#include "conformance/venue.hpp"
#include "support/catch.hpp"

/// The handle of a receiver is readable whenever a call would have something to give, whoever has read it.

namespace parley::conformance {

namespace {

template <class Transport>
using local_links = channel<item, Transport, direct, bounded<1>>;

bool is_readable(int handle, std::chrono::milliseconds longest = 0ms) {
    ::pollfd asked{handle, POLLIN, 0};
    return ::poll(&asked, 1, static_cast<int>(longest.count())) == 1;
}

}  // namespace

TEMPLATE_TEST_CASE("what an attempt to send has read of a pair keeps the handle readable", "", local_links<unix_stream>,
                   local_links<unix_seqpacket>) {
    using C = TestType;
    auto ends = C::pair();
    link<C> mine{std::move(ends.first)};
    const int handle = mine.native_handle();
    steps step;
    child peer{"peer", [&] {
                   link<C> self{std::move(ends.second)};
                   self.send(item::make(2, 1));
                   step.reach(1);
                   PARLEY_CHECK_IN_CHILD(step.await(2));
               }};
    REQUIRE(step.await(1));
    REQUIRE(mine.try_send(item::make(1, 1)));
    REQUIRE_FALSE(mine.try_send(item::make(1, 2)));  // looks for credits, and finds a message
    CHECK(is_readable(handle));
    CHECK(mine.receive().number == 1);
    step.reach(2);
    CHECK(peer.join_ok());
}

TEMPLATE_TEST_CASE("the handle of a pair's receiver is readable until the sender's death is told", "",
                   (channel<item, unix_stream, port>), (channel<item, unix_seqpacket, port>)) {
    using C = TestType;
    auto ends = C::pair();
    std::optional end{std::move(ends.first)};
    receiver<C> in{std::move(ends.second)};
    const int handle = in.native_handle();
    child victim{"victim", [&] {
                     sender<C> out{std::move(*end)};
                     out.send(item::make(1, 1));
                     ::raise(SIGKILL);
                 }};
    end.reset();  // nobody but the victim holds it
    CHECK(victim.join() == 128 + SIGKILL);
    std::error_code code;
    std::uint32_t received = 0;
    while (!code) {
        REQUIRE(is_readable(handle, 10s));
        received += in.try_receive(code) ? 1 : 0;
    }
    CHECK(received == 1);
}

TEMPLATE_TEST_CASE("a receiver that had no descriptors left hears those who came meanwhile", "",
                   (channel<item, unix_stream, port>), (channel<item, unix_seqpacket, port>),
                   (channel<item, tcp, port>)) {
    using C = TestType;
    venue<C> place;
    steps step;
    child owner{"owner", [&] {
                    auto in = place.receiver();
                    const ::rlimit few{64, 64};
                    PARLEY_CHECK_IN_CHILD(::setrlimit(RLIMIT_NOFILE, &few) == 0);
                    std::array<int, 64> taken{};
                    for (auto& each : taken) {
                        each = ::dup(STDERR_FILENO);
                    }
                    step.reach(1);
                    PARLEY_CHECK_IN_CHILD(step.await(2));
                    PARLEY_CHECK_IN_CHILD(!in->try_receive());
                    for (const int each : taken) {
                        ::close(each);
                    }
                    PARLEY_CHECK_IN_CHILD(in->receive().number == 7);
                }};
    REQUIRE(step.await(1));
    auto out = place.sender();
    out->send(item::make(1, 7));
    step.reach(2);
    CHECK(owner.join_ok());
}

}  // namespace parley::conformance
