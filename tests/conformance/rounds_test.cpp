#include <algorithm>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <optional>
#include <random>
#include <span>
#include <stdexcept>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include <parley/parley.hpp>

#include "conformance/venue.hpp"
#include "support/catch.hpp"

/// Bodies larger than the largest message, in rounds.

namespace parley::conformance {

namespace {

template <std::size_t Max, class... Words>
using over = channel<bytes<Max>, direct, Words...>;

/// Small rounds, of which a body takes hundreds.
using of_small_rounds = std::tuple<over<64>,                                            //
                                   over<64, bounded<1>, blocking_on<futex>>,            //
                                   over<64, unbounded>,                                 //
                                   over<64, zero>,                                      //
                                   over<64, bounded<3>, sync<blocking, nonblocking>>,   //
                                   over<64, map>,                                       //
                                   over<64, map, zero>,                                 //
                                   over<64, map, mqueue>,                               //
                                   over<64, adaptive<40>, mqueue>,                      //
                                   over<64, unix_stream>,                               //
                                   over<64, unix_stream, sync<blocking, nonblocking>>,  //
                                   over<64, unix_seqpacket, zero>,                      //
                                   over<64, unix_datagram>,                             //
                                   over<64, tcp>,                                       //
                                   over<64, fifo>,                                      //
                                   over<64, mqueue>,                                    //
                                   over<64, sysv_mqueue>,                               //
                                   over<64, pipe>,                                      //
                                   over<64, anonymous_shm>>;

/// Large ones.
using of_large_rounds = std::tuple<over<65536>,                     //
                                   over<65536, zero>,               //
                                   over<65536, map>,                //
                                   over<65536, adaptive<>>,         //
                                   over<65536, unix_stream>,        //
                                   over<65536, tcp>,                //
                                   over<4096, fifo>,                //
                                   over<65536, unix_stream, zero>,  //
                                   over<65536, pipe>,               //
                                   over<65536, anonymous_shm, bounded<4>>>;

template <class C>
constexpr std::size_t largest_part = rounds<C>::largest_part;

/// A byte of body number `which`, which can be told from its neighbours and from other bodies.
std::byte byte_of(std::uint64_t which, std::uint64_t at) {
    return static_cast<std::byte>((at * 2654435761U + which * 97) >> 13 & 255);
}

std::vector<std::byte> body_of(std::uint64_t which, std::size_t size) {
    std::vector<std::byte> result(size);
    for (std::size_t at = 0; at < size; ++at) {
        result[at] = byte_of(which, at);
    }
    return result;
}

/// Receives in the composition's own way.
template <class In, class... Sink>
auto get_body(In& in, Sink&&... sink) {
    if constexpr (requires { in.receive(sink...); }) {
        return in.receive(sink...);
    } else {
        for (;;) {
            if (auto result = in.try_receive(sink...)) {
                if constexpr (sizeof...(sink) == 0) {
                    return *result;
                } else {
                    return;
                }
            }
            ::sched_yield();
        }
    }
}

/// A message of a link as a hostile or mistaken peer writes it.
template <class C>
typename C::message forged(rounds_detail::round_kind kind, std::uint32_t body, std::uint64_t offset,
                           std::uint64_t total, std::size_t part) {
    const rounds_detail::round_header header{.kind = kind, .body = body, .offset = offset, .total = total};
    std::vector<std::byte> all(sizeof header + part, std::byte{1});
    std::memcpy(all.data(), &header, sizeof header);
    return typename C::message(all);
}
constexpr auto part_kind = rounds_detail::round_kind::part;

/// Two ends in one process.
template <class C>
struct both {
    std::pair<parley::link<C>, parley::link<C>> ends = C::pair();
    parley::link<C>& out = ends.first;
    rounds<C> in{std::move(ends.second)};
};
using nameless = over<64, anonymous_shm, bounded<64>>;

template <class Call>
[[nodiscard]] std::string told_by(Call call) {
    try {
        static_cast<void>(call());
    } catch (const error& caught) {
        return caught.what();
    }
    return "";
}

bool has(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

}  // namespace

TEMPLATE_LIST_TEST_CASE("rounds: bodies of all sizes between two processes", "", of_small_rounds) {
    using C = TestType;
    INFO(C::describe());
    constexpr auto part = largest_part<C>;
    const std::vector<std::size_t> sizes{0, 1, part - 1, part, part + 1, 2 * part, 0, 300 * part + 7, 1};
    const venue<C> place;
    child sender{"sender", [&] {
                     auto end = place.sender();
                     rounds out{std::move(*end)};
                     for (std::size_t which = 0; which < sizes.size(); ++which) {
                         std::uint64_t seen = 0;
                         out.send(body_of(which, sizes[which]), [&](progress at) {
                             PARLEY_CHECK_IN_CHILD(at.total == sizes[which]);
                             PARLEY_CHECK_IN_CHILD(at.done > seen || at.total == 0);
                             seen = at.done;
                         });
                         PARLEY_CHECK_IN_CHILD(seen == sizes[which]);
                     }
                     // From a source, part by part; and an answer, for the link goes both ways.
                     out.send(100 * part + 1, [&](std::span<std::byte> room, progress at) {
                         PARLEY_CHECK_IN_CHILD(at.total == 100 * part + 1);
                         PARLEY_CHECK_IN_CHILD(room.size() == std::min<std::uint64_t>(part, at.total - at.done));
                         for (std::size_t each = 0; each < room.size(); ++each) {
                             room[each] = byte_of(77, at.done + each);
                         }
                     });
                     if constexpr (!std::is_same_v<typename C::transport, pipe>) {
                         PARLEY_CHECK_IN_CHILD(get_body(out) == body_of(78, 5 * part));
                     }
                 }};
    child receiver{"receiver", [&] {
                       auto end = place.receiver();
                       rounds in{std::move(*end)};
                       for (std::size_t which = 0; which < sizes.size(); ++which) {
                           if (which % 2 == 0) {
                               PARLEY_CHECK_IN_CHILD(get_body(in) == body_of(which, sizes[which]));
                           } else {
                               std::uint64_t seen = 0;
                               get_body(in, [&](std::span<const std::byte> content, progress at) {
                                   PARLEY_CHECK_IN_CHILD(at.total == sizes[which]);
                                   PARLEY_CHECK_IN_CHILD(at.done == seen + content.size());
                                   for (const auto each : content) {
                                       PARLEY_CHECK_IN_CHILD(each == byte_of(which, seen++));
                                   }
                               });
                               PARLEY_CHECK_IN_CHILD(seen == sizes[which]);
                               PARLEY_CHECK_IN_CHILD(in.received().done == seen && in.received().total == seen);
                           }
                       }
                       PARLEY_CHECK_IN_CHILD(get_body(in) == body_of(77, 100 * part + 1));
                       if constexpr (!std::is_same_v<typename C::transport, pipe>) {
                           in.send(body_of(78, 5 * part));
                       }
                   }};
    CHECK(sender.join_ok());
    CHECK(receiver.join_ok());
}

TEMPLATE_LIST_TEST_CASE("rounds: a large body", "", of_large_rounds) {
    using C = TestType;
    INFO(C::describe());
    constexpr std::size_t size = 8 << 20;
    const venue<C> place;
    child sender{"sender", [&] {
                     auto end = place.sender();
                     rounds out{std::move(*end)};
                     out.send(size, [](std::span<std::byte> room, progress at) {
                         for (std::size_t each = 0; each < room.size(); ++each) {
                             room[each] = byte_of(5, at.done + each);
                         }
                     });
                     out.send(std::vector<std::byte>(3));
                 }};
    child receiver{"receiver", [&] {
                       auto end = place.receiver();
                       rounds in{std::move(*end)};
                       PARLEY_CHECK_IN_CHILD(in.receive() == body_of(5, size));
                       PARLEY_CHECK_IN_CHILD(in.receive().size() == 3);
                   }};
    CHECK(sender.join_ok());
    CHECK(receiver.join_ok());
}

TEST_CASE("rounds: a sink or a source that throws gives its body up, and the next one comes whole") {
    both<nameless> here;
    rounds out{std::move(here.out)};
    constexpr auto part = largest_part<nameless>;
    out.send(body_of(1, 10 * part));
    out.send(body_of(2, 3 * part));
    int parts = 0;
    const auto throwing = [&](std::span<const std::byte>, progress) {
        if (++parts == 4) {
            throw std::runtime_error("full");
        }
    };
    CHECK_THROWS_WITH(here.in.receive(throwing), "full");
    CHECK(here.in.receive() == body_of(2, 3 * part));

    // The source: the receiver hears of it, and how much had come.
    std::error_code code;
    CHECK_FALSE(out.send(
        10 * part,
        [&](std::span<std::byte>, progress at) {
            if (at.done >= 2 * part) {
                throw std::system_error(make_error_code(errc::no_space));
            }
        },
        code));
    CHECK(code == errc::no_space);
    const auto told = told_by([&] { return here.in.receive(); });
    CHECK(has(told, "the sender gave the body up: 80 of 400 bytes had come"));
    CHECK(!here.in.try_receive());
    out.send(body_of(3, 3 * part));
    CHECK(here.in.receive() == body_of(3, 3 * part));

    // One that throws at once has sent nothing.
    CHECK_THROWS(out.send(10, [](std::span<std::byte>, progress) { throw std::runtime_error("no such file"); }));
    out.send(body_of(4, part));
    CHECK(here.in.receive() == body_of(4, part));

    // An observer, before the end and at the end.
    CHECK_THROWS(out.send(body_of(5, 2 * part), [](progress) { throw std::runtime_error("cancelled"); }));
    CHECK(thrown_by([&] { return here.in.receive(); }) == errc::incomplete);
    CHECK_THROWS(out.send(body_of(6, part), [](progress) { throw std::runtime_error("too late"); }));
    CHECK(here.in.receive() == body_of(6, part));
    CHECK(!here.in.try_receive());
}

TEST_CASE("rounds: deadlines, of a receiver and of a sender") {
    using C = over<64, anonymous_shm, bounded<4>>;
    constexpr auto part = largest_part<C>;
    both<C> here;
    rounds out{std::move(here.out)};
    std::size_t seen = 0;
    const auto sink = [&](std::span<const std::byte> content, progress) { seen += content.size(); };

    CHECK_FALSE(here.in.receive_for(short_wait));
    CHECK_FALSE(here.in.receive_until(sink, std::chrono::steady_clock::now() + short_wait));
    // There is room for four rounds, and the body has ten. The receiver loses nothing of what it waited for in vain.
    CHECK_FALSE(out.send_for(body_of(1, 10 * part), short_wait));
    CHECK_FALSE(here.in.receive_for(short_wait));
    CHECK(here.in.received().done == 4 * part);
    CHECK(here.in.received().total == 10 * part);
    // The body was begun in another way.
    CHECK(thrown_by([&] { return here.in.try_receive(sink); }) == errc::bad_state);
    // Now the next one comes, and tells of it.
    CHECK(out.send_until(body_of(2, 4 * part), std::chrono::system_clock::now() + 1h));
    const auto told = told_by([&] { return here.in.receive_for(1h); });
    CHECK(has(told, "another body begins"));
    CHECK(has(told, "160 of 400 bytes had come"));
    CHECK(here.in.receive_for(1h) == body_of(2, 4 * part));

    // A time that has passed, and room for some rounds: not beyond the deadline.
    CHECK_FALSE(out.send_until(body_of(8, 2 * part), std::chrono::steady_clock::now() - 1h));
    CHECK(thrown_by([&] { return here.in.receive(); }) == errc::incomplete);
    CHECK(out.send_for(body_of(9, 0), 0s));
    CHECK(here.in.receive().empty());
}

TEST_CASE("rounds: a body that is received in many calls, each for a moment") {
    using C = over<64, anonymous_shm, bounded<4>>;
    constexpr auto part = largest_part<C>;
    both<C> here;
    child sender{"sender", [&] {
                     rounds out{std::move(here.out)};
                     for (int each = 0; each < 3; ++each) {
                         out.send(body_of(7, 50 * part));
                     }
                 }};
    for (int each = 0; each < 3; ++each) {
        std::optional<std::vector<std::byte>> whole;
        while (!whole) {
            whole = each == 0   ? here.in.try_receive()
                    : each == 1 ? here.in.receive_for(std::chrono::microseconds(1))
                                : here.in.receive_until(std::chrono::steady_clock::now());
        }
        CHECK(*whole == body_of(7, 50 * part));
    }
    CHECK(sender.join_ok());
}

TEST_CASE("rounds: what has begun can be moved, left and taken up in the same way as the link") {
    using C = over<64, anonymous_shm, bounded<4>>;
    constexpr auto part = largest_part<C>;
    both<C> here;
    rounds out{std::move(here.out)};
    CHECK_FALSE(out.send_for(body_of(1, 9 * part), short_wait));
    CHECK_FALSE(here.in.try_receive());
    rounds<C> second{std::move(here.in)};
    CHECK_FALSE(second.try_receive());
    out.send(body_of(2, 2 * part));
    CHECK(thrown_by([&] { return second.try_receive(); }) == errc::incomplete);
    // The first round of the next body is kept apart, and takes up no place in the link.
    out.send(body_of(3, 3 * part));
    CHECK_FALSE(out.link().try_send(bytes<64>("no round")));
    rounds<C> third{std::move(second)};
    third = rounds<C>(std::move(third));
    CHECK(third.receive() == body_of(2, 2 * part));
    CHECK(third.receive() == body_of(3, 3 * part));
    out.send(body_of(4, part));
    {
        std::error_code code;
        CHECK(third.receive([](std::span<const std::byte>, progress) { throw std::bad_alloc(); }, code) == false);
        CHECK(code == errc::no_space);
    }
    CHECK_FALSE(third.try_receive());
    // Left in the middle, with an error told and a round kept.
    CHECK_FALSE(out.send_for(body_of(5, 9 * part), short_wait));
    CHECK_FALSE(third.try_receive());
    out.send(body_of(6, 2 * part));
    CHECK(thrown_by([&] { return third.try_receive(); }) == errc::incomplete);
}

TEST_CASE("rounds: the twins report and do not throw") {
    both<nameless> here;
    rounds out{std::move(here.out)};
    std::error_code code;
    const auto body = body_of(1, 100);
    const auto watch = [](progress) {};
    const auto source = [](std::span<std::byte> room, progress at) {
        for (std::size_t each = 0; each < room.size(); ++each) {
            room[each] = byte_of(1, at.done + each);
        }
    };
    const auto soon = std::chrono::steady_clock::now() + 1h;
    CHECK(out.send(body, code));
    CHECK(out.send(body, watch, code));
    CHECK(out.send(100, source, code));
    CHECK(out.send_for(body, 1h, code));
    CHECK(out.send_for(body, 1h, watch, code));
    CHECK(out.send_for(body, 1h, watch));
    CHECK(out.send_for(100, source, 1h));
    CHECK(out.send_for(100, source, 1h, code));
    CHECK(out.send_until(body, soon, code));
    CHECK(out.send_until(body, soon, watch, code));
    CHECK(out.send_until(body, soon, watch));
    CHECK(out.send_until(100, source, soon));
    CHECK(out.send_until(100, source, soon, code));
    CHECK_FALSE(code);
    std::vector<std::byte> seen;
    const auto sink = [&](std::span<const std::byte> part, progress) {
        seen.insert(seen.end(), part.begin(), part.end());
    };
    CHECK(here.in.receive(code) == body);
    CHECK(here.in.receive(sink, code));
    CHECK(here.in.receive_for(1h, code) == body);
    CHECK(here.in.receive_for(sink, 1h, code));
    CHECK(here.in.receive_for(sink, 1h));
    CHECK(here.in.receive_until(soon, code) == body);
    CHECK(here.in.receive_until(sink, soon, code));
    CHECK(here.in.receive_until(sink, soon));
    CHECK(here.in.try_receive(code) == body);
    CHECK(here.in.try_receive(sink, code));
    CHECK(here.in.try_receive(sink));
    CHECK(here.in.try_receive() == body);
    CHECK(here.in.receive() == body);
    CHECK(seen == [&] {
        std::vector<std::byte> all;
        for (int each = 0; each < 7; ++each) {
            all.insert(all.end(), body.begin(), body.end());
        }
        return all;
    }());
    CHECK_FALSE(here.in.try_receive(code));
    CHECK_FALSE(code);
    { const auto gone = std::move(out); }
    CHECK_FALSE(here.in.receive(code));
    CHECK(code == errc::closed);
    CHECK_FALSE(here.in.receive(sink, code));
    CHECK(code == errc::closed);
}

TEST_CASE("rounds: the link in between, before and after") {
    both<nameless> here;
    rounds out{std::move(here.out)};
    out.link().send(bytes<64>("hello"));
    CHECK(here.in.link().receive().as_string_view() == "hello");
    out.send(body_of(1, 1000));
    CHECK(here.in.receive() == body_of(1, 1000));
    here.in.link().send(bytes<64>("thanks"));
    CHECK(out.link().receive().as_string_view() == "thanks");
}

using of_names =
    std::tuple<over<64, map>, over<64>, over<64, zero>, over<64, unix_stream>, over<64, fifo>, over<64, mqueue>>;

TEMPLATE_LIST_TEST_CASE("rounds: a sender is killed midway, and its successor's body comes whole", "", of_names) {
    using C = TestType;
    INFO(C::describe());
    constexpr auto part = largest_part<C>;
    // Whether the receiver learns of the death before the successor is there.
    for (const bool noticed : {true, false}) {
        INFO("noticed: " << noticed);
        const venue<C> place;
        steps step;
        auto end = place.receiver();
        rounds in{std::move(*end)};
        child sender{"sender", [&] {
                         auto own = place.sender();
                         rounds out{std::move(*own)};
                         out.send(1000 * part, [&](std::span<std::byte>, progress at) {
                             if (at.done == 3 * part) {
                                 step.reach(1);
                                 for (;;) {
                                     ::pause();
                                 }
                             }
                         });
                     }};
        while (in.received().done != 3 * part) {
            CHECK_FALSE(in.receive_for(short_wait));
        }
        REQUIRE(step.await(1));
        sender.kill9();
        if (noticed) {
            CHECK(thrown_by([&] { return in.receive(); }) == errc::peer_died);
        }
        child successor{"successor", [&] {
                            auto own = place.sender();
                            rounds out{std::move(*own)};
                            out.send(body_of(2, 5 * part + 1));
                            PARLEY_CHECK_IN_CHILD(step.await(2));
                        }};
        // A waiting receiver hears of it once: from the link, or from the successor's first round.
        std::optional<std::vector<std::byte>> whole;
        std::error_code code;
        int errors = 0;
        while (!whole) {
            whole = in.receive(code);
            if (!whole) {
                ++errors;
                const bool of_a_death = code == errc::peer_died || code == errc::incomplete || code == errc::closed;
                CHECK(of_a_death);
                if (!of_a_death) {
                    break;
                }
                ::sched_yield();
            }
        }
        CHECK((noticed || errors > 0));
        CHECK(whole == body_of(2, 5 * part + 1));
        step.reach(2);
        CHECK(successor.join_ok());
    }
}

TEST_CASE("rounds: a receiver is killed midway, and its successor is told of the rest, once") {
    using C = over<64, bounded<4>>;
    constexpr auto part = largest_part<C>;
    const venue<C> place;
    steps step;
    auto end = place.sender();
    rounds out{std::move(*end)};
    child receiver{"receiver", [&] {
                       auto own = place.receiver();
                       rounds in{std::move(*own)};
                       in.receive([&](std::span<const std::byte>, progress at) {
                           if (at.done == 2 * part) {
                               step.reach(1);
                               for (;;) {
                                   ::pause();
                               }
                           }
                       });
                   }};
    std::error_code code;
    CHECK_FALSE(out.send(
        body_of(1, 100 * part),
        [&](progress at) {
            if (at.done == 4 * part) {
                CHECK(step.await(1));
                receiver.kill9();
            }
        },
        code));
    CHECK(code == errc::peer_died);
    child successor{"successor", [&] {
                        auto own = place.receiver();
                        rounds in{std::move(*own)};
                        std::error_code told;
                        PARLEY_CHECK_IN_CHILD(!in.receive(told));
                        PARLEY_CHECK_IN_CHILD(told == errc::incomplete);
                        PARLEY_CHECK_IN_CHILD(in.receive() == body_of(2, 9 * part));
                    }};
    while (!out.send(body_of(2, 9 * part), code)) {
        REQUIRE(code == errc::peer_died);
        ::sched_yield();
    }
    CHECK(successor.join_ok());
}

TEST_CASE("rounds: what is no round, or not the next one, is corrupt, says so, and does not reach the next body") {
    both<nameless> here;
    const auto say = [&](std::uint32_t body, std::uint64_t offset, std::uint64_t total, std::size_t size) {
        here.out.send(forged<nameless>(part_kind, body, offset, total, size));
    };
    const auto whole_one_follows = [&] {
        say(1000, 0, 10, 6);
        say(1000, 6, 10, 4);
        CHECK(here.in.receive() == std::vector<std::byte>(10, std::byte{1}));
        CHECK(!here.in.try_receive());
    };
    struct lie {
        const char* why;
        std::uint32_t body;
        std::uint64_t offset, total;
        std::size_t size;
        const char* told;
    };
    // After the first 6 of 20 bytes of body 7.
    for (const auto& each : {
             lie{"another offset", 7, 8, 20, 6,
                 "a part of 6 bytes at byte 8 of body 7 of 20 bytes came, where byte 6 of "
                 "body 7 of 20 bytes was expected"},
             lie{"an offset again", 7, 5, 20, 6, "at byte 5 of body 7"},
             lie{"another total", 7, 6, 21, 6, "of body 7 of 21 bytes came"},
             lie{"another body", 8, 6, 20, 6, "at byte 6 of body 8"},
             lie{"nothing", 7, 6, 20, 0, "a part of 0 bytes"},
             lie{"too much", 7, 6, 20, 15, "a part of 15 bytes"},
             lie{"beyond the end", 7, 21, 20, 1, "at byte 21 of body 7"},
             lie{"beyond all numbers", 7, ~std::uint64_t{0}, 20, 1, "at byte 18446744073709551615"},
         }) {
        INFO(each.why);
        say(7, 0, 20, 6);
        say(each.body, each.offset, each.total, each.size);
        say(7, 12, 20, 8);  // the rest of the body, passed over
        CHECK(has(told_by([&] { return here.in.receive(); }), each.told));
        whole_one_follows();
    }
    // A first round that lies.
    for (const auto& each : {lie{"too much", 7, 0, 5, 6, "where the beginning of a body was expected"},
                             lie{"too much for nothing", 7, 0, 0, 1, "a part of 1 bytes"},
                             lie{"nothing of something", 7, 0, 5, 0, "a part of 0 bytes"}}) {
        INFO(each.why);
        say(each.body, each.offset, each.total, each.size);
        CHECK(has(told_by([&] { return here.in.receive(); }), each.told));
        whole_one_follows();
    }
    // No round at all.
    for (const char* text : {"", "hello", "this is text of more than twenty-four bytes"}) {
        here.out.send(bytes<64>(text));
        const auto told = told_by([&] { return here.in.receive(); });
        CHECK(has(told, "a message of " + std::to_string(std::strlen(text)) + " bytes came that is no round"));
        say(7, 0, 20, 6);
        here.out.send(bytes<64>(text));
        CHECK(thrown_by([&] { return here.in.receive(); }) == errc::corrupt);
        whole_one_follows();
    }
    // The promise of a body larger than any memory costs nothing.
    say(7, 0, ~std::uint64_t{0}, 6);
    CHECK(!here.in.try_receive());
    CHECK(here.in.received().total == ~std::uint64_t{0});
    say(1000, 0, 0, 0);
    CHECK(thrown_by([&] { return here.in.receive(); }) == errc::incomplete);
    CHECK(here.in.receive().empty());
}

TEST_CASE("rounds: whatever messages come, a receiver has errors or bodies, and the next body whole") {
    both<nameless> here;
    std::mt19937_64 random(20'240'607);
    const auto number = [&]() -> std::uint64_t {
        switch (random() % 4) {
            case 0:
                return random();
            case 1:
                return ~std::uint64_t{0} - random() % 3;
            default:
                return random() % 64;
        }
    };
    std::uint64_t bodies = 0;
    for (int round = 0; round < 20'000; ++round) {
        if (random() % 8 == 0) {
            std::vector<std::byte> garbage(random() % 65);
            std::generate(garbage.begin(), garbage.end(), [&] { return static_cast<std::byte>(random()); });
            here.out.send(bytes<64>(garbage));
        } else {
            const auto kind = random() % 8 == 0 ? rounds_detail::round_kind::broken_off : part_kind;
            here.out.send(
                forged<nameless>(kind, static_cast<std::uint32_t>(random() % 3), number(), number(), random() % 41));
        }
        try {
            bodies += here.in.try_receive().has_value();
        } catch (const error& told) {
            CHECK((told.code() == errc::corrupt || told.code() == errc::incomplete));
        }
    }
    INFO(bodies << " bodies");
    here.out.send(forged<nameless>(part_kind, 99, 0, 10, 4));
    std::error_code code;
    static_cast<void>(here.in.try_receive(code));
    here.out.send(forged<nameless>(part_kind, 99, 4, 10, 6));
    CHECK(here.in.receive() == std::vector<std::byte>(10, std::byte{1}));
}

}  // namespace parley::conformance
