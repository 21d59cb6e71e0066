#include <algorithm>
#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <stdexcept>
#include <string>
#include <system_error>
#include <tuple>
#include <utility>
#include <vector>

#include <sys/socket.h>
#include <unistd.h>

#include <parley/parley.hpp>

#include "conformance/huge.hpp"
#include "conformance/venue.hpp"
#include "support/catch.hpp"

/// Nothing stands still that could go on: calls end, credits come back, and what went wrong once is told again.

namespace parley::conformance {

namespace {

template <class Transport>
using pair_of_links = channel<item, Transport, direct, bounded<8>>;
using local_pairs = std::tuple<pair_of_links<unix_stream>, pair_of_links<unix_seqpacket>>;

template <class Transport>
using huge_links = channel<huge, Transport, direct, bounded<1>>;

/// What its codec refuses with an exception of its own.
struct fragile {
    std::uint32_t number = 0;
};

}  // namespace

}  // namespace parley::conformance

template <>
struct parley::codec<parley::conformance::fragile> {
    static constexpr std::size_t max_size = 4;
    static std::size_t size(const conformance::fragile&) { return 4; }
    static std::size_t encode(const conformance::fragile& value, std::span<std::byte> room) {
        room[0] = static_cast<std::byte>(value.number);
        return 4;
    }
    static std::optional<conformance::fragile> decode(std::span<const std::byte> bytes) {
        const auto number = std::to_integer<std::uint32_t>(bytes[0]);
        if (number == 13) {
            throw std::runtime_error("the codec's own exception");
        }
        return conformance::fragile{number};
    }
};

namespace parley::conformance {

TEMPLATE_LIST_TEST_CASE("credits come through behind a message that nobody takes", "", local_pairs) {
    using C = TestType;
    constexpr std::uint32_t count = 5000;  // their credits would fill any buffer between the two
    auto ends = C::pair();
    link<C> mine{std::move(ends.first)};
    child peer{"peer", [&] {
                   link<C> self{std::move(ends.second)};
                   self.send(item::make(2, 0));
                   for (std::uint32_t number = 0; number < count; ++number) {
                       PARLEY_CHECK_IN_CHILD(self.receive().number == number);
                   }
               }};
    for (std::uint32_t number = 0; number < count; ++number) {
        REQUIRE(mine.send_for(item::make(1, number), 60s));
    }
    CHECK(peer.join_ok());
    CHECK(mine.receive().from == 2);
}

TEMPLATE_TEST_CASE("two who both send a huge message first do not wait for each other", "", huge_links<unix_stream>,
                   huge_links<unix_seqpacket>, huge_links<tcp>) {
    using C = TestType;
    venue<C> place;
    const auto sends_first = [](auto end, std::byte own, std::byte others) {
        end->send(huge{std::vector<std::byte>(huge::size, own)});
        const auto came = end->receive().content;
        PARLEY_CHECK_IN_CHILD(came.size() == huge::size && came.front() == others && came.back() == others);
    };
    child left{"left", [&] { sends_first(place.sender(), std::byte{1}, std::byte{2}); }};
    child right{"right", [&] { sends_first(place.receiver(), std::byte{2}, std::byte{1}); }};
    CHECK(left.join_ok());
    CHECK(right.join_ok());
}

TEST_CASE("a peer that writes without end keeps no sender beyond its deadline") {
    using C = channel<item, unix_stream, port, raw>;
    auto [near, far] = C::pair();
    child flood{"flood", [&, other = far.descriptor()] {
                    const std::array<std::byte, 65536> bytes{};
                    for (;;) {
                        static_cast<void>(!::send(other, bytes.data(), bytes.size(), MSG_NOSIGNAL));
                    }
                }};
    sender<C> out{from_descriptor, duplicate(near.descriptor())};
    while (out.send_for(item::make(1, 1), 20ms)) {
    }
    CHECK(flood.running());
}

TEMPLATE_TEST_CASE("an exception of the message's own codec costs that message, and no credit", "",
                   (channel<fragile, unix_stream, port, bounded<1>>),
                   (channel<fragile, unix_seqpacket, port, bounded<1>>)) {
    using C = TestType;
    venue<C> place;
    auto in = place.receiver();
    child peer{"peer", [&] {
                   auto out = place.sender();
                   for (const std::uint32_t number : {13U, 1U, 13U, 2U}) {
                       out->send(fragile{number});
                   }
               }};
    std::array<fragile, 4> batch;
    CHECK_THROWS_AS(in->receive(), std::runtime_error);
    CHECK(in->receive().number == 1);
    CHECK_THROWS_AS(in->receive(std::span{batch}), std::runtime_error);
    CHECK(in->receive(std::span{batch}) == 1);
    CHECK(batch.front().number == 2);
    CHECK(peer.join_ok());
}

TEST_CASE("a contact that fails for want of room fails again, and nobody takes it for a connection") {
    struct page {
        std::array<std::byte, 4096> bytes;
    };
    using C = channel<page, unix_stream, direct, bounded<4096>>;
    const auto room = std::make_unique<page>();
    venue<C> names;
    endpoint<C> me{names.sender_name()};
    auto out = me.link(names.receiver_name());
    endpoint<C> peer{names.receiver_name()};
    for (int attempt = 0; attempt < 3; ++attempt) {
        CHECK(thrown_by([&] { out.send(*room); }) == errc::no_space);
    }
}

TEST_CASE("a grant that crosses a withdrawal ends what its receiver said of waiting") {
    using C = channel<item, unix_stream, direct, zero>;
    using transport::socket::role;
    using connection = transport::socket::connection_of<C, transport::socket::unix_stream_kind>;
    std::array<int, 2> made{};
    REQUIRE(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, made.data()) == 0);
    connection out{os::descriptor{made[0]}, role::sends};
    connection in{os::descriptor{made[1]}, role::receives};
    out.introduce("sender");
    REQUIRE(in.read());
    in.say_waiting();
    REQUIRE(out.read());
    REQUIRE(out.is_awaited());
    out.ask();
    REQUIRE(in.read());
    REQUIRE(in.has_request());
    in.grant();
    out.withdraw();
    REQUIRE(out.read());
    CHECK_FALSE(out.is_awaited());
    CHECK_FALSE(out.is_granted());
}

TEST_CASE("over tcp, nobody who connects to himself sticks there") {
    using C = channel<item, tcp, port>;
    using outlet = transport::socket::outlet_of<C, transport::socket::tcp_kind>;
    // A port that the kernel gives out itself, an even one: in so many attempts it chooses it for the near end, too.
    const auto name = "127.0.0.1:" + std::to_string(33000 + 2 * (::getpid() % 10000));
    outlet out{transport::socket::tcp_kind::parse(name), {}};
    for (int attempt = 0; attempt < 60000; ++attempt) {
        REQUIRE(out.reach() != transport::socket::contact::made);
    }
    const receiver<C> in{name};
    CHECK(eventually([&] { return out.reach() == transport::socket::contact::made; }));
}

}  // namespace parley::conformance
