// Death between two stores, played within one process: the crash point throws.
#define PARLEY_CRASH_POINTS 1

#include <parley/ring/bounded_slots.hpp>
#include <parley/ring/chain_slots.hpp>
#include <parley/ring/mpmc.hpp>

#include <cstring>
#include <memory>
#include <optional>

#include <parley/segment/extents.hpp>
#include <parley/segment/file_backing.hpp>

#include "threads.hpp"

using namespace parley;
using parley::test::everybody_is_dead;

/// Those who are alone on their side of a ring move its counter last. What their successors find when they died just
/// before that.

namespace {

struct died {};

void die_when_published(const char* where) {
    if (std::strcmp(where, "mpmc: published, sending intent not cleared") == 0) {
        throw died{};
    }
}
void die_when_freed(const char* where) {
    if (std::strcmp(where, "mpmc: slot freed, receiving intent not cleared") == 0) {
        throw died{};
    }
}

/// Whether `act` died.
template <class Act>
bool dies(void (*hook)(const char*), Act act) {
    os::crash_point_hook = hook;
    bool result = false;
    try {
        act();
    } catch (const died&) {
        result = true;
    }
    os::crash_point_hook = nullptr;
    return result;
}

template <class Producer>
bool put(Producer& to, std::uint32_t number) {
    ring::claim won;
    if (to.try_claim(1, won) != ring::attempt::won) {
        return false;
    }
    std::memcpy(to.payload(won.first), &number, sizeof number);
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
    std::uint32_t number = 0;
    std::memcpy(&number, from.payload(won.first), sizeof number);
    from.release(won);
    if constexpr (requires { from.at_chunk_end(won); }) {
        if (from.at_chunk_end(won)) {
            from.reclaim(everybody_is_dead, everybody_is_dead);
        }
    }
    return number;
}

}  // namespace

TEMPLATE_TEST_CASE_SIG("the successor of a port's receiver finds slots that are in use again", "",
                       ((std::size_t N, std::size_t Refilled), N, Refilled), (1, 0), (1, 1), (2, 1), (7, 0), (7, 3),
                       (7, 5)) {
    using port = ring::mpmc<ring::bounded_slots<N, 8, 8, std::atomic>, 8, 1>;
    using view = typename port::slots_type::view;
    const auto shared = std::make_unique<port>();
    typename port::producer out{*shared, view{shared->slots()}, 0};
    REQUIRE(out.occupy(everybody_is_dead, everybody_is_dead));
    std::uint32_t sent = 0;
    while (put(out, sent)) {
        ++sent;
    }
    constexpr auto batch = Refilled == 0 ? std::size_t{1} : Refilled;
    {
        typename port::consumer victim{*shared, view{shared->slots()}, 0};
        REQUIRE(victim.occupy(everybody_is_dead, everybody_is_dead));
        ring::claim won;
        bool skipped = false;
        REQUIRE(victim.try_claim(batch, won, skipped) == ring::attempt::won);
        REQUIRE(dies(&die_when_freed, [&] { victim.release(won); }));
    }
    for (std::size_t index = 0; index < Refilled; ++index) {
        REQUIRE(put(out, sent++));
    }
    typename port::consumer heir{*shared, view{shared->slots()}, 0};
    REQUIRE(heir.occupy(everybody_is_dead, everybody_is_dead));
    for (std::uint32_t number = batch; number < sent; ++number) {
        CHECK(get(heir) == number);
    }
    CHECK_FALSE(get(heir).has_value());
    CHECK(put(out, 1));
    CHECK(get(heir) == 1U);
}

TEST_CASE("the successor of a link's sender finds what was published received, and perhaps given back") {
    using slots = ring::chain_slots<8000, 8, segment::extents<segment::file_backing>, std::atomic>;
    using one_way = ring::mpmc<slots, 1, 1>;
    const auto file = segment::file_backing::create_anonymous(4096, [](int) {});
    const auto shared = std::make_unique<one_way>();
    const auto view = [&] {
        return slots::view{shared->slots(), segment::extents<segment::file_backing>{file.get(), 4096, 0600}};
    };
    one_way::consumer in{*shared, view(), 0};
    REQUIRE(in.occupy(everybody_is_dead, everybody_is_dead));
    std::uint32_t number = 0;
    for (int heir = 0; heir < 100; ++heir) {  // over several chunks, and each time at another place in them
        one_way::producer out{*shared, view(), 0};
        REQUIRE(out.occupy(everybody_is_dead, everybody_is_dead));
        CHECK_FALSE(get(in).has_value());
        REQUIRE(put(out, number));
        CHECK(get(in) == number++);
        REQUIRE(dies(&die_when_published, [&] { put(out, number); }));
        if (heir % 2 == 0) {
            CHECK(get(in) == number++);
        } else {
            one_way::producer next{*shared, view(), 0};
            REQUIRE(next.occupy(everybody_is_dead, everybody_is_dead));
            REQUIRE(put(next, number + 1));
            CHECK(get(in) == number++);
            CHECK(get(in) == number++);
        }
    }
}
