#include <parley/ring/bounded_slots.hpp>
#include <parley/ring/mpmc.hpp>

#include <memory>
#include <optional>
#include <set>

#include "threads.hpp"

using namespace parley;
using parley::test::everybody_is_dead;
using parley::test::everybody_lives;
using parley::test::numbered;

namespace {

template <std::size_t Capacity>
using slots_of = ring::bounded_slots<Capacity, sizeof(numbered), alignof(numbered), std::atomic>;
template <std::size_t Capacity>
using many = ring::mpmc<slots_of<Capacity>, 8, 8>;
template <std::size_t Capacity>
using keeping = ring::mpmc<slots_of<Capacity>, 8, 8, true>;
template <std::size_t Capacity>
using port = ring::mpmc<slots_of<Capacity>, 8, 1>;

template <class Ring>
typename Ring::producer producer_at(Ring& shared, std::size_t place) {
    typename Ring::producer result{shared, typename Ring::slots_type::view{shared.slots()}, place};
    REQUIRE(result.occupy(everybody_is_dead, everybody_is_dead));
    return result;
}

template <class Ring>
typename Ring::consumer consumer_at(Ring& shared, std::size_t place) {
    typename Ring::consumer result{shared, typename Ring::slots_type::view{shared.slots()}, place};
    REQUIRE(result.occupy(everybody_is_dead, everybody_is_dead));
    return result;
}

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

/// Wins so many tickets and stops there, as one that is killed.
template <class Producer>
void die_sending(Producer& victim, std::size_t wanted) {
    ring::claim won;
    REQUIRE(victim.try_claim(wanted, won) == ring::attempt::won);
    REQUIRE(won.count == wanted);
}

template <class Consumer>
ring::claim die_receiving(Consumer& victim, std::size_t wanted) {
    ring::claim won;
    bool skipped = false;
    REQUIRE(victim.try_claim(wanted, won, skipped) == ring::attempt::won);
    REQUIRE(won.count == wanted);
    return won;
}

constexpr auto all_but(std::size_t dead) {
    return [dead](std::size_t place) { return place != dead; };
}

/// Misses until the ring says so, or for long.
template <class End, class... Arguments>
bool is_stalled(End& end, Arguments&&... arguments) {
    ring::claim won;
    for (int attempt = 0; attempt < 1000; ++attempt) {
        if (end.try_claim(1, won, arguments...) == ring::attempt::stalled) {
            return true;
        }
    }
    return false;
}

}  // namespace

TEMPLATE_TEST_CASE_SIG("mpmc holds exactly its capacity", "", ((std::size_t N), N), 1, 2, 7, 64) {
    const auto shared = std::make_unique<many<N>>();
    auto out = producer_at(*shared, 0);
    auto other = producer_at(*shared, 3);
    auto in = consumer_at(*shared, 5);
    CHECK_FALSE(in.readable());
    std::uint32_t sent = 0;
    std::uint32_t received = 0;
    for (int lap = 0; lap < 5; ++lap) {
        while (sent - received < N) {
            CHECK(out.writable());
            REQUIRE(put(sent % 2 == 0 ? out : other, sent));
            ++sent;
        }
        CHECK_FALSE(out.writable());
        CHECK_FALSE(put(out, 99));
        CHECK_FALSE(put(other, 99));
        CHECK(get(in) == received++);
        CHECK(put(out, sent++));
        CHECK_FALSE(put(other, 99));
        while (received < sent) {
            CHECK(in.readable());
            CHECK(get(in) == received++);
        }
        CHECK_FALSE(get(in).has_value());
    }
}

TEMPLATE_TEST_CASE_SIG("mpmc: a dead sender's ticket is closed, a living one's never", "", ((std::size_t N), N), 1, 2,
                       7) {
    const auto shared = std::make_unique<many<N>>();
    auto victim = producer_at(*shared, 2);
    auto out = producer_at(*shared, 0);
    auto in = consumer_at(*shared, 0);
    for (std::uint32_t lap = 0; lap < 3 * N; ++lap) {
        die_sending(victim, 1);
        bool skipped = false;
        CHECK(is_stalled(in, skipped));
        CHECK_FALSE(in.resolve(everybody_lives));
        CHECK_FALSE(get(in).has_value());
        if (N > 1) {
            REQUIRE(put(out, lap));
            CHECK_FALSE(get(in).has_value());  // in its turn, not before
        }
        CHECK(in.resolve(all_but(2)));
        CHECK_FALSE(in.resolve(all_but(2)));
        if (N == 1) {
            CHECK_FALSE(get(in).has_value());  // skips the void slot, which frees it
            REQUIRE(put(out, lap));
        }
        CHECK(get(in) == lap);
    }
}

TEST_CASE("mpmc: a whole batch of a dead sender is closed at once") {
    const auto shared = std::make_unique<many<7>>();
    auto victim = producer_at(*shared, 2);
    auto out = producer_at(*shared, 0);
    auto in = consumer_at(*shared, 0);
    die_sending(victim, 5);
    REQUIRE(put(out, 1));
    CHECK(in.resolve(all_but(2)));
    CHECK(get(in) == 1U);
    for (std::uint32_t number = 0; number < 7; ++number) {
        CHECK(put(out, number));
    }
    CHECK_FALSE(put(out, 99));
}

TEST_CASE("mpmc: the place of a dead sender is free at once, its ticket still closed") {
    const auto shared = std::make_unique<many<4>>();
    auto victim = producer_at(*shared, 2);
    die_sending(victim, 1);
    auto heir = producer_at(*shared, 2);
    auto in = consumer_at(*shared, 0);
    REQUIRE(put(heir, 5));
    CHECK_FALSE(get(in).has_value());
    CHECK(in.resolve(everybody_lives));  // its winner's intent has gone with it
    CHECK(get(in) == 5U);
}

TEMPLATE_TEST_CASE_SIG("mpmc: a dead receiver's slots are freed, all at once", "", ((std::size_t N), N), 1, 2, 7) {
    const auto shared = std::make_unique<many<N>>();
    auto victim = consumer_at(*shared, 2);
    auto out = producer_at(*shared, 0);
    auto in = consumer_at(*shared, 0);
    for (std::uint32_t number = 0; number < N; ++number) {
        REQUIRE(put(out, number));
    }
    die_receiving(victim, N);
    CHECK(is_stalled(out));
    CHECK_FALSE(out.resolve(everybody_lives));
    CHECK_FALSE(put(out, 99));
    CHECK(out.resolve(all_but(2)));
    for (std::uint32_t number = 0; number < N; ++number) {
        CHECK(put(out, 100 + number));
    }
    for (std::uint32_t number = 0; number < N; ++number) {
        CHECK(get(in) == 100 + number);
    }
}

TEST_CASE("mpmc that keeps: what a dead receiver held goes to another, each message once") {
    const auto shared = std::make_unique<keeping<4>>();
    auto out = producer_at(*shared, 0);
    auto in = consumer_at(*shared, 0);
    {
        auto victim = consumer_at(*shared, 2);
        for (std::uint32_t number = 0; number < 3; ++number) {
            REQUIRE(put(out, number));
        }
        die_receiving(victim, 3);
    }
    CHECK_FALSE(out.resolve(all_but(2)));  // kept
    ring::claim won;
    CHECK_FALSE(in.try_adopt(won, everybody_lives));

    SECTION("while its place stays empty") {}
    SECTION("after its place was taken") {
        auto heir = consumer_at(*shared, 2);
        CHECK_FALSE(get(heir).has_value());
    }
    SECTION("after the one that adopted the first died as well") {
        auto second = consumer_at(*shared, 3);
        REQUIRE(second.try_adopt(won, [](std::size_t place) { return place != 2 && place != 3; }));
    }
    std::set<std::uint32_t> adopted;
    const auto dead = [](std::size_t place) { return place == 0; };
    while (in.try_adopt(won, dead)) {
        REQUIRE(won.count == 1);
        CHECK(adopted.insert(numbered::read(in.payload(won.first)).number).second);
        in.release(won);
    }
    CHECK(adopted == std::set<std::uint32_t>{0, 1, 2});
    for (std::uint32_t number = 0; number < 4; ++number) {
        CHECK(put(out, number));
    }
}

TEST_CASE("mpmc that keeps: a place with two dead holders' messages waits until they are taken") {
    const auto shared = std::make_unique<keeping<4>>();
    auto out = producer_at(*shared, 0);
    auto in = consumer_at(*shared, 0);
    for (std::uint32_t number = 0; number < 2; ++number) {
        REQUIRE(put(out, number));
        auto victim = consumer_at(*shared, 2);
        die_receiving(victim, 1);
    }
    using ring_type = keeping<4>;
    const auto only_zero = [](std::size_t place) { return place == 0; };
    ring_type::consumer third{*shared, ring_type::slots_type::view{shared->slots()}, 2};
    CHECK_FALSE(third.occupy(everybody_is_dead, only_zero));
    ring::claim won;
    std::set<std::uint32_t> adopted;
    while (in.try_adopt(won, only_zero)) {
        CHECK(adopted.insert(numbered::read(in.payload(won.first)).number).second);
        in.release(won);
    }
    CHECK(adopted == std::set<std::uint32_t>{0, 1});
    CHECK(third.occupy(everybody_is_dead, only_zero));
}

TEMPLATE_TEST_CASE_SIG("mpmc with one receiver: its successor goes on where it stopped", "", ((std::size_t N), N), 1, 2,
                       7) {
    const auto shared = std::make_unique<port<N>>();
    auto out = producer_at(*shared, 0);
    std::uint32_t sent = 0;
    std::uint32_t received = 0;
    for (int lap = 0; lap < 4; ++lap) {
        while (put(out, sent)) {
            ++sent;
        }
        auto in = consumer_at(*shared, 0);
        while (const auto number = get(in)) {
            CHECK(*number == received++);
        }
        CHECK(received == sent);
    }
}

TEST_CASE("mpmc: a loan that is let go is skipped") {
    const auto shared = std::make_unique<many<2>>();
    auto out = producer_at(*shared, 0);
    auto in = consumer_at(*shared, 0);
    ring::claim won;
    REQUIRE(out.try_claim(1, won) == ring::attempt::won);
    out.abandon(won);
    REQUIRE(put(out, 3));
    CHECK(in.readable());
    CHECK(get(in) == 3U);
    CHECK_FALSE(get(in).has_value());
}
