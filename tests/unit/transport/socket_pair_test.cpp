#include <array>
#include <csignal>
#include <cstddef>
#include <cstdint>
#include <list>
#include <optional>
#include <string_view>
#include <system_error>
#include <tuple>
#include <utility>

#include <parley/parley.hpp>

#include "conformance/pools.hpp"
#include "conformance/venue.hpp"
#include "support/catch.hpp"

/// Pairs of a link over sockets whose other side has left or was killed: what it sent before is received nevertheless,
/// and then it is told which of the two it was, whoever finds out first: an attempt to send or one to receive.

namespace parley::conformance {

namespace {

template <std::size_t Size>
struct sized {
    std::uint64_t number;
    std::array<std::byte, Size - sizeof(std::uint64_t)> rest;
};
using small = sized<16>;
using medium = sized<12'000>;  // not too large to be read together with others
using large = sized<20'000>;   // read straight to where it is to stay

template <class Message, class Transport, class... Words>
using pair_over = channel<Message, Transport, direct, Words...>;

/// How many messages a side can send whose peer does not look: what the kernel takes is enough for them.
template <class C>
inline constexpr std::uint64_t as_many = sizeof(typename C::message) == sizeof(small)    ? 200
                                         : sizeof(typename C::message) == sizeof(medium) ? 8
                                                                                         : 7;
template <class C>
    requires(!rendezvous<C> && buffering_of<C>::capacity <= 64)
inline constexpr std::uint64_t as_many<C> = buffering_of<C>::capacity;

template <class Transport>
using lists = std::tuple<pair_over<small, Transport>, pair_over<small, Transport, unbounded>,
                         pair_over<small, Transport, bounded_by_kernel>, pair_over<medium, Transport, unbounded>,
                         pair_over<medium, Transport, bounded_by_kernel>, pair_over<large, Transport, unbounded>,
                         pair_over<small, Transport, nonblocking>, pair_over<small, Transport, unbounded, nonblocking>>;
using pairs = decltype(std::tuple_cat(lists<unix_stream>{}, lists<unix_seqpacket>{}));

using mapped_pairs =
    std::tuple<pair_over<page, unix_seqpacket, map, unbounded>, pair_over<page, unix_seqpacket, map, bounded<64>>,
               pair_over<page, unix_stream, map, unbounded>>;

template <class C>
[[nodiscard]] typename C::message numbered_message(std::uint64_t number) {
    typename C::message result{};
    result.number = number;
    return result;
}

/// One side of a pair, and a process that had the other: it has done `what(side)`, and then left or been killed.
template <class C, class What>
[[nodiscard]] link<C> deserted_side(bool killed, What what, options given = {}) {
    auto ends = std::optional{C::pair(given)};
    child peer{"peer", [&] {
                   auto mine = std::optional{std::move(ends->second)};
                   ends.reset();
                   what(*mine);
                   if (killed) {
                       ::raise(SIGKILL);
                   }
                   mine.reset();
               }};
    auto result = std::move(ends->first);
    ends.reset();
    CHECK(peer.join() == (killed ? 128 + SIGKILL : 0));
    return result;
}

template <class C>
[[nodiscard]] errc told_to_sender(link<C>& mine) {
    return thrown_by([&] { return mine.try_send(numbered_message<C>(0)); });
}
template <class C>
[[nodiscard]] errc told_to_receiver(link<C>& mine) {
    return thrown_by([&] { return mine.try_receive(); });
}

}  // namespace

TEMPLATE_LIST_TEST_CASE("pair: what a side sent before it went is received, although the other sends in vain", "",
                        pairs) {
    using C = TestType;
    INFO(C::describe());
    for (const bool killed : {false, true}) {
        INFO("killed: " << killed);
        const auto expected = killed ? errc::peer_died : errc::closed;
        auto mine = deserted_side<C>(killed, [](link<C>& others) {
            for (std::uint64_t number = 0; number < as_many<C>; ++number) {
                PARLEY_CHECK_IN_CHILD(others.try_send(numbered_message<C>(number)));
            }
        });
        CHECK(told_to_sender(mine) == expected);
        std::uint64_t received = 0;
        std::optional<typename C::message> message;
        std::error_code code;
        while ((message = mine.try_receive(code))) {
            CHECK(message->number == received++);
            CHECK(told_to_sender(mine) == expected);
        }
        CHECK(received == as_many<C>);
        CHECK(code == expected);
        CHECK(told_to_receiver(mine) == expected);
        CHECK(told_to_sender(mine) == expected);
        try {
            static_cast<void>(mine.try_receive());
        } catch (const error& told) {
            CHECK(std::string_view(told.what()).find("comes back to a pair") != std::string_view::npos);
        }
    }
}

TEMPLATE_LIST_TEST_CASE("pair: a sender that has no more credit, or room, is told of the end", "", pairs) {
    using C = TestType;
    INFO(C::describe());
    if constexpr (!unlimited<C>) {
        for (const bool killed : {false, true}) {
            INFO("killed: " << killed);
            auto ends = std::optional{C::pair()};
            steps step;
            child peer{"peer", [&] {
                           auto others = std::optional{std::move(ends->second)};
                           ends.reset();
                           PARLEY_CHECK_IN_CHILD(others->try_send(numbered_message<C>(7)));
                           PARLEY_CHECK_IN_CHILD(step.await(1));
                           if (killed) {
                               ::raise(SIGKILL);
                           }
                           others.reset();
                       }};
            auto mine = std::move(ends->first);
            ends.reset();
            while (mine.try_send(numbered_message<C>(0))) {
            }
            step.reach(1);
            CHECK(peer.join() == (killed ? 128 + SIGKILL : 0));
            const auto expected = killed ? errc::peer_died : errc::closed;
            CHECK(told_to_sender(mine) == expected);
            const auto message = mine.try_receive();
            REQUIRE(message);
            CHECK(message->number == 7);
            CHECK(told_to_receiver(mine) == expected);
        }
    }
}

TEMPLATE_LIST_TEST_CASE("pair: who lacks a block is told how the other side went, and receives what it sent", "",
                        mapped_pairs) {
    using C = TestType;
    INFO(C::describe());
    for (const bool killed : {false, true}) {
        INFO("killed: " << killed);
        auto ends = std::optional{C::pair(small_pool)};
        steps step;
        child peer{"peer", [&] {
                       auto others = std::optional{std::move(ends->second)};
                       ends.reset();
                       for (std::uint64_t number = 0; number < pages_in_pool; ++number) {
                           PARLEY_CHECK_IN_CHILD(others->try_send(numbered(number)));
                       }
                       PARLEY_CHECK_IN_CHILD(step.await(1));
                       if (killed) {
                           ::raise(SIGKILL);
                       }
                       others.reset();
                   }};
        auto mine = std::move(ends->first);
        ends.reset();
        while (mine.try_send(numbered(0))) {
        }
        step.reach(1);
        CHECK(peer.join() == (killed ? 128 + SIGKILL : 0));
        const auto expected = killed ? errc::peer_died : errc::closed;
        CHECK(thrown_by([&] { mine.send(numbered(0)); }) == expected);
        for (std::uint64_t number = 0; number < pages_in_pool; ++number) {
            CHECK(mine.take()->number == number);
        }
        CHECK(thrown_by([&] { return mine.take(); }) == expected);
    }
}

}  // namespace parley::conformance
