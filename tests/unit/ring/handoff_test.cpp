#include <parley/ring/handoff.hpp>

#include <memory>

#include "threads.hpp"

using namespace parley;
using parley::test::everybody_is_dead;
using parley::test::everybody_lives;
using parley::test::numbered;

namespace {

using desks = ring::handoff<sizeof(numbered), alignof(numbered), 4, 4>;

struct room {
    std::unique_ptr<desks> shared = std::make_unique<desks>();

    [[nodiscard]] desks::producer sender(std::size_t place) const {
        desks::producer result{*shared, place};
        REQUIRE(result.occupy(everybody_is_dead, everybody_lives));
        return result;
    }
    [[nodiscard]] desks::consumer receiver(std::size_t place) const {
        desks::consumer result{*shared, place};
        REQUIRE(result.occupy(everybody_is_dead, everybody_lives));
        return result;
    }
};

void offer(desks::producer& from, std::uint32_t number) {
    numbered::make(0, number).write(from.payload());
    from.offer();
}

}  // namespace

TEST_CASE("handoff: an offer is taken, and the sender learns of it") {
    const room it;
    auto out = it.sender(1);
    auto in = it.receiver(2);
    std::size_t from = 0;
    CHECK_FALSE(in.offered());
    CHECK_FALSE(in.try_take(everybody_lives, from));
    offer(out, 7);
    CHECK(in.offered());
    CHECK_FALSE(out.received());
    REQUIRE(in.try_take(everybody_lives, from));
    CHECK(from == 1);
    CHECK(numbered::read(in.payload_of(from)).number == 7);
    CHECK_FALSE(out.received());
    CHECK_FALSE(out.withdraw());  // somebody has committed
    in.done_with(from);
    CHECK(out.received());
    out.finish();
    CHECK_FALSE(in.offered());
}

TEST_CASE("handoff: an offer that is taken back was never sent") {
    const room it;
    auto out = it.sender(0);
    auto in = it.receiver(0);
    offer(out, 7);
    CHECK(out.withdraw());
    std::size_t from = 0;
    CHECK_FALSE(in.try_take(everybody_lives, from));
}

TEST_CASE("handoff: a reservation is written into, once") {
    const room it;
    auto out = it.sender(1);
    auto other = it.sender(3);
    auto in = it.receiver(2);
    std::size_t to = 0;
    CHECK_FALSE(out.try_meet(everybody_lives, to));
    in.reserve();
    REQUIRE(out.try_meet(everybody_lives, to));
    CHECK(to == 2);
    std::size_t nobody = 0;
    CHECK_FALSE(other.try_meet(everybody_lives, nobody));
    CHECK_FALSE(in.withdraw());
    numbered::make(0, 9).write(out.payload_of(to));
    CHECK_FALSE(in.written());
    CHECK(out.hand_over(to));
    REQUIRE(in.written());
    CHECK(numbered::read(in.payload()).number == 9);
    in.done();
    CHECK_FALSE(other.try_meet(everybody_lives, nobody));
}

TEST_CASE("handoff: a reservation that is given back can be met again, or taken back") {
    const room it;
    auto out = it.sender(1);
    auto in = it.receiver(2);
    std::size_t to = 0;
    in.reserve();
    REQUIRE(out.try_meet(everybody_lives, to));
    out.give_back(to);
    REQUIRE(out.try_meet(everybody_lives, to));
    out.give_back(to);
    CHECK(in.withdraw());
    CHECK_FALSE(out.try_meet(everybody_lives, to));
}

TEST_CASE("handoff: the dead are found by whoever meets them") {
    const room it;
    auto out = it.sender(0);
    auto in = it.receiver(0);
    std::size_t other = 0;

    SECTION("a dead sender's offer is wiped out") {
        offer(out, 1);
        CHECK_FALSE(in.try_take(everybody_is_dead, other));
        CHECK_FALSE(in.try_take(everybody_lives, other));
    }
    SECTION("a dead receiver's reservation is wiped out") {
        in.reserve();
        CHECK_FALSE(out.try_meet(everybody_is_dead, other));
        CHECK_FALSE(out.try_meet(everybody_lives, other));
    }
    SECTION("an offer that a receiver died over is made again") {
        offer(out, 1);
        REQUIRE(in.try_take(everybody_lives, other));
        CHECK_FALSE(out.resolve(everybody_lives));
        CHECK(out.resolve(everybody_is_dead));
        auto next = it.receiver(1);
        REQUIRE(next.try_take(everybody_lives, other));
        in.done_with(0);  // the dead do not come back; nothing happens to the new meeting
        CHECK_FALSE(out.received());
        next.done_with(0);
        CHECK(out.received());
    }
    SECTION("a reservation that a sender died over is made again") {
        in.reserve();
        REQUIRE(out.try_meet(everybody_lives, other));
        CHECK_FALSE(in.resolve(everybody_lives));
        CHECK(in.resolve(everybody_is_dead));
        auto next = it.sender(1);
        CHECK(next.try_meet(everybody_lives, other));
        CHECK_FALSE(out.hand_over(0));
        CHECK(next.hand_over(0));
        CHECK(in.written());
    }
}

TEST_CASE("handoff: a place that changes hands takes nothing of its last holder along") {
    const room it;
    auto out = it.sender(0);
    auto in = it.receiver(0);
    std::size_t other = 0;

    SECTION("a receiver died taking; its successor is alive when the sender looks") {
        offer(out, 1);
        REQUIRE(in.try_take(everybody_lives, other));
        auto heir = it.receiver(0);
        CHECK_FALSE(out.resolve(everybody_lives));  // nothing to do: it is offered again already
        REQUIRE(heir.try_take(everybody_lives, other));
        heir.done_with(other);
        CHECK(out.received());
    }
    SECTION("a sender died writing; its successor is alive when the receiver looks") {
        in.reserve();
        REQUIRE(out.try_meet(everybody_lives, other));
        [[maybe_unused]] const auto heir = it.sender(0);
        CHECK(in.withdraw());  // nobody is writing
    }
    SECTION("a sender died with an offer") {
        offer(out, 1);
        [[maybe_unused]] const auto heir = it.sender(0);
        CHECK_FALSE(in.try_take(everybody_lives, other));
    }
    SECTION("a sender died with an offer that is being taken") {
        offer(out, 1);
        REQUIRE(in.try_take(everybody_lives, other));
        desks::producer heir{*it.shared, 0};
        CHECK_FALSE(heir.occupy(everybody_lives, everybody_lives));  // not yet
        in.done_with(other);
        CHECK(heir.occupy(everybody_lives, everybody_lives));
    }
    SECTION("a receiver died with a reservation that is being written into") {
        in.reserve();
        REQUIRE(out.try_meet(everybody_lives, other));
        desks::consumer heir{*it.shared, 0};
        CHECK_FALSE(heir.occupy(everybody_lives, everybody_lives));
        CHECK(out.hand_over(other));
        CHECK(heir.occupy(everybody_lives, everybody_lives));
        CHECK_FALSE(heir.written());
    }
}
