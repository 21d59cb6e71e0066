#include <parley/ring/chain_slots.hpp>
#include <parley/ring/mpmc.hpp>

#include <algorithm>
#include <memory>
#include <optional>
#include <set>

#include <parley/segment/extents.hpp>
#include <parley/segment/file_backing.hpp>

#include "threads.hpp"

using namespace parley;
using parley::test::everybody_is_dead;
using parley::test::everybody_lives;

namespace {

/// A memory file as the growing segment, which notes what it has and can be told to be full.
struct counted_backing : segment::file_backing {
    static inline std::set<std::uint64_t> there;
    static inline bool full = false;

    static void reserve(int file, const segment::extent& part, ::mode_t permissions, const std::string& what) {
        if (full) {
            throw_error(errc::no_space, what);
        }
        file_backing::reserve(file, part, permissions, what);
        there.insert(part.index);
    }
    static void discard(int file, const segment::extent& part) noexcept {
        file_backing::discard(file, part);
        there.erase(part.index);
    }
};

using payload = std::array<std::byte, 8000>;
using extents = segment::extents<counted_backing>;
using slots = ring::chain_slots<sizeof(payload), 8, extents, std::atomic>;

template <class Ring>
struct chain {
    os::descriptor file = segment::file_backing::create_anonymous(4096, [](int) {});
    std::unique_ptr<Ring> shared = std::make_unique<Ring>();

    chain() {
        counted_backing::there.clear();
        counted_backing::full = false;
    }

    [[nodiscard]] slots::view view() const { return {shared->slots(), extents{file.get(), 4096, 0600}}; }
    [[nodiscard]] typename Ring::producer sender(std::size_t place) const {
        typename Ring::producer result{*shared, view(), place};
        REQUIRE(result.occupy(everybody_is_dead, everybody_is_dead));
        return result;
    }
    [[nodiscard]] typename Ring::consumer receiver(std::size_t place) const {
        typename Ring::consumer result{*shared, view(), place};
        REQUIRE(result.occupy(everybody_is_dead, everybody_is_dead));
        return result;
    }
};

using many = ring::mpmc<slots, 4, 4>;
using keeping = ring::mpmc<slots, 4, 4, true>;
using single = ring::mpmc<slots, 1, 1>;

template <class Producer>
void put(Producer& to, std::uint32_t number) {
    ring::claim won;
    if (to.try_claim(1, won) != ring::attempt::won) {
        FAIL("an unbounded channel is never full");
    }
    std::memcpy(to.payload(won.first), &number, sizeof number);
    to.publish(won);
}

template <class Consumer, class Alive>
std::optional<std::uint32_t> get(Consumer& from, Alive alive) {
    ring::claim won;
    bool skipped = false;
    if (from.try_claim(1, won, skipped) != ring::attempt::won) {
        return std::nullopt;
    }
    std::uint32_t number = 0;
    std::memcpy(&number, from.payload(won.first), sizeof number);
    from.release(won);
    if (from.at_chunk_end(won)) {
        from.reclaim(alive, alive);
    }
    return number;
}

constexpr std::uint32_t backlog = 2000;

}  // namespace

TEST_CASE("a chain grows with its backlog, keeps the order, and gives back what is drained") {
    const chain<many> it;
    auto out = it.sender(0);
    auto in = it.receiver(0);
    for (int lap = 0; lap < 3; ++lap) {
        for (std::uint32_t number = 0; number < backlog; ++number) {
            put(out, number);
        }
        CHECK(counted_backing::there.size() >= 4);
        for (std::uint32_t number = 0; number < backlog; ++number) {
            REQUIRE(get(in, everybody_lives) == number);
        }
        CHECK_FALSE(get(in, everybody_lives).has_value());
        CHECK(counted_backing::there.size() <= 1);
    }
}

TEST_CASE("a chain that finds no room says so, and goes on when there is some") {
    const chain<many> it;
    auto out = it.sender(0);
    auto in = it.receiver(0);
    put(out, 0);
    counted_backing::full = true;
    std::uint32_t sent = 1;
    for (;;) {
        try {
            put(out, sent);
            ++sent;
        } catch (const error& refused) {
            CHECK(refused.code() == errc::no_space);
            break;
        }
    }
    CHECK(sent >= 8);
    counted_backing::full = false;
    put(out, sent++);
    for (std::uint32_t number = 0; number < sent; ++number) {
        CHECK(get(in, everybody_lives) == number);
    }
}

TEST_CASE("a claim stays within a chunk") {
    const chain<many> it;
    auto out = it.sender(0);
    auto in = it.receiver(0);
    std::uint32_t sent = 0;
    while (sent < backlog) {
        ring::claim won;
        REQUIRE(out.try_claim(300, won) == ring::attempt::won);
        REQUIRE((won.count >= 1 && won.count <= 300));
        for (std::size_t index = 0; index < won.count; ++index) {
            std::memcpy(out.payload(won.first + index), &sent, sizeof sent);
            ++sent;
        }
        out.publish(won);
    }
    for (std::uint32_t number = 0; number < sent; ++number) {
        REQUIRE(get(in, everybody_lives) == number);
    }
}

TEST_CASE("a chunk in which a living participant is at work is not given back") {
    const chain<many> it;
    auto out = it.sender(0);
    auto in = it.receiver(0);
    auto slow = it.receiver(1);
    put(out, 1);
    ring::claim held;
    bool skipped = false;
    REQUIRE(slow.try_claim(1, held, skipped) == ring::attempt::won);
    for (std::uint32_t number = 0; number < 100; ++number) {
        put(out, number);
        CHECK(get(in, everybody_lives) == number);
    }
    const auto all = counted_backing::there;
    CHECK(all.contains(1));
    std::uint32_t number = 0;
    std::memcpy(&number, slow.payload(held.first), sizeof number);
    CHECK(number == 1);
    SECTION("until it has finished") { slow.release(held); }
    SECTION("or has died") {}
    for (number = 100; number < 300; ++number) {
        put(out, number);
        CHECK(get(in, [](std::size_t place) { return place == 0; }) == number);
    }
    CHECK_FALSE(counted_backing::there.contains(1));
}

TEST_CASE("a chunk with a dead receiver's message is kept for another, and then given back") {
    const chain<keeping> it;
    auto out = it.sender(0);
    auto in = it.receiver(0);
    const auto only_zero = [](std::size_t place) { return place == 0; };
    put(out, 7);
    {
        auto victim = it.receiver(1);
        ring::claim held;
        bool skipped = false;
        REQUIRE(victim.try_claim(1, held, skipped) == ring::attempt::won);
    }
    SECTION("whose place stays empty") {}
    SECTION("whose place was taken") {
        keeping::consumer heir{*it.shared, it.view(), 1};
        REQUIRE(heir.occupy(everybody_is_dead, only_zero));
    }
    for (std::uint32_t number = 0; number < 100; ++number) {
        put(out, number);
        CHECK(get(in, only_zero) == number);
    }
    CHECK(counted_backing::there.contains(1));
    ring::claim won;
    REQUIRE(in.try_adopt(won, only_zero));
    std::uint32_t number = 0;
    std::memcpy(&number, in.payload(won.first), sizeof number);
    CHECK(number == 7);
    in.release(won);
    for (number = 100; number < 300; ++number) {
        put(out, number);
        CHECK(get(in, only_zero) == number);
    }
    CHECK_FALSE(counted_backing::there.contains(1));
    CHECK(counted_backing::there.size() <= 2);
}

TEST_CASE("the only sender of a chain is succeeded, wherever its slots are") {
    const chain<single> it;
    auto in = it.receiver(0);
    const auto make = [&] { return single::producer{*it.shared, it.view(), 0}; };
    std::uint32_t sent = 0;
    for (int heir = 0; heir < 200; ++heir) {
        auto out = make();
        REQUIRE(out.occupy(everybody_is_dead, everybody_is_dead));
        put(out, sent++);
        CHECK(get(in, everybody_lives) == sent - 1);
    }
}
