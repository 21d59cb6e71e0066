#include <parley/ring/spsc.hpp>

#include <memory>
#include <optional>

#include "threads.hpp"

using namespace parley;
using parley::test::everybody_is_dead;
using parley::test::numbered;

namespace {

template <std::size_t Capacity>
using ring_of = ring::spsc<Capacity, sizeof(numbered), alignof(numbered)>;

template <class Producer>
bool put(Producer& to, std::uint32_t number) {
    ring::claim won;
    if (to.try_claim(1, won) != ring::attempt::won) {
        return false;
    }
    numbered::make(0, number).write(to.payload(won.first));
    to.publish(won);
    return true;
}

template <class Consumer>
std::optional<std::uint32_t> get(Consumer& from) {
    ring::claim won;
    bool skipped = false;
    if (from.try_claim(1, won, skipped) != ring::attempt::won) {
        return std::nullopt;
    }
    const auto it = numbered::read(from.payload(won.first));
    from.release(won);
    return it.whole() ? std::optional(it.number) : std::nullopt;
}

}  // namespace

TEMPLATE_TEST_CASE_SIG("spsc holds exactly its capacity", "", ((std::size_t N), N), 1, 2, 7, 64, 100) {
    const auto shared = std::make_unique<ring_of<N>>();
    typename ring_of<N>::producer out{*shared};
    typename ring_of<N>::consumer in{*shared};
    CHECK_FALSE(in.readable());
    CHECK_FALSE(get(in).has_value());
    std::uint32_t sent = 0;
    std::uint32_t received = 0;
    for (int lap = 0; lap < 5; ++lap) {
        while (sent - received < N) {
            CHECK(out.writable());
            REQUIRE(put(out, sent++));
        }
        CHECK_FALSE(out.writable());
        CHECK_FALSE(put(out, 99));
        CHECK(get(in) == received++);
        CHECK(put(out, sent++));
        CHECK_FALSE(put(out, 99));
        while (received < sent) {
            CHECK(get(in) == received++);
        }
        CHECK_FALSE(get(in).has_value());
    }
}

TEST_CASE("spsc claims batches as far as there is room, and what is published of one is sent") {
    const auto shared = std::make_unique<ring_of<7>>();
    ring_of<7>::producer out{*shared};
    ring_of<7>::consumer in{*shared};
    ring::claim won;
    REQUIRE(out.try_claim(100, won) == ring::attempt::won);
    CHECK(won.count == 7);
    for (std::uint32_t index = 0; index < 7; ++index) {
        numbered::make(0, index).write(out.payload(won.first + index));
    }
    out.publish({won.first, 3});  // as by a sender that dies after its third
    bool skipped = false;
    REQUIRE(in.try_claim(100, won, skipped) == ring::attempt::won);
    CHECK(won.count == 3);
    in.release(won);

    ring_of<7>::producer next{*shared};
    REQUIRE(next.occupy(everybody_is_dead, everybody_is_dead));
    CHECK(put(next, 3));
    CHECK(get(in) == 3U);
}

TEST_CASE("spsc: the successor of a sender goes on behind what it published") {
    const auto shared = std::make_unique<ring_of<4>>();
    ring_of<4>::consumer in{*shared};
    for (std::uint32_t number = 0; number < 20; ++number) {
        ring_of<4>::producer out{*shared};
        REQUIRE(out.occupy(everybody_is_dead, everybody_is_dead));
        REQUIRE(put(out, number));
        if (number % 3 == 2) {
            for (const auto expected : {number - 2, number - 1, number}) {
                CHECK(get(in) == expected);
            }
        }
    }
}

TEST_CASE("spsc: the successor of a receiver gets what was read and not freed") {
    const auto shared = std::make_unique<ring_of<4>>();
    ring_of<4>::producer out{*shared};
    REQUIRE(put(out, 1));
    {
        ring_of<4>::consumer dies{*shared};
        ring::claim won;
        bool skipped = false;
        REQUIRE(dies.try_claim(1, won, skipped) == ring::attempt::won);
    }
    ring_of<4>::consumer in{*shared};
    CHECK(get(in) == 1U);
    CHECK_FALSE(get(in).has_value());
}

TEST_CASE("spsc: a loan that is let go is not sent") {
    const auto shared = std::make_unique<ring_of<2>>();
    ring_of<2>::producer out{*shared};
    ring_of<2>::consumer in{*shared};
    ring::claim won;
    for (int times = 0; times < 5; ++times) {
        REQUIRE(out.try_claim(1, won) == ring::attempt::won);
        out.abandon(won);
    }
    CHECK_FALSE(in.readable());
    CHECK(put(out, 5));
    CHECK(get(in) == 5U);
}

TEST_CASE("spsc: counters that contradict each other are corrupt, and put right by the next holder of a side") {
    using ring_type = ring_of<4>;
    for (const bool spoil_tail : {true, false}) {
        for (const std::uint64_t garbage : {std::uint64_t{5}, std::uint64_t{1} << 63, ~std::uint64_t{0} - 3}) {
            for (const bool sender_first : {true, false}) {
                const auto shared = std::make_unique<ring_type>();
                ring_type::producer out{*shared};
                ring_type::consumer in{*shared};
                REQUIRE(put(out, 0));
                REQUIRE(get(in) == 0U);
                auto* words = reinterpret_cast<std::uint64_t*>(shared.get());
                words[spoil_tail ? 0 : 2 * os::cache_line / 8] += garbage;  // by a peer

                if (spoil_tail) {
                    CHECK(in.readable());  // who waits wakes up and is told
                    CHECK_THROWS_AS(get(in), error);
                } else {
                    CHECK(put(out, 1));
                    CHECK(put(out, 2));
                    CHECK(put(out, 3));
                    CHECK(out.writable());
                    CHECK_THROWS_AS(put(out, 4), error);
                }
                ring_type::producer next_out{*shared};
                ring_type::consumer next_in{*shared};
                if (sender_first) {
                    REQUIRE(next_out.occupy(everybody_is_dead, everybody_is_dead));
                    next_in = ring_type::consumer{*shared};
                    REQUIRE(next_in.occupy(everybody_is_dead, everybody_is_dead));
                } else {
                    REQUIRE(next_in.occupy(everybody_is_dead, everybody_is_dead));
                    next_out = ring_type::producer{*shared};
                    REQUIRE(next_out.occupy(everybody_is_dead, everybody_is_dead));
                }
                for (std::uint32_t number = 0; number < 9; ++number) {
                    CHECK(put(next_out, number));
                    CHECK(get(next_in) == number);
                }
                CHECK_FALSE(get(next_in).has_value());
            }
        }
    }
}
