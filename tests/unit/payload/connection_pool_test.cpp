#include <parley/payload/connection_pool.hpp>

#include <cstdint>
#include <memory>

#include <unistd.h>

#include <parley/parley.hpp>

#include "support/catch.hpp"

using namespace parley;

namespace {

using C = channel<std::uint64_t, unix_seqpacket, direct, map>;
using companion = payload::connection_pool<C, pool::block_reference>;

/// A link whose last message came over a connection with that pool.
struct one_link {
    std::shared_ptr<companion> last;

    one_link& receiver() noexcept { return *this; }
    [[nodiscard]] const std::shared_ptr<companion>& last_companion() const noexcept { return last; }
    void refuse_last() noexcept { last.reset(); }  // the connection goes
};

struct two_sides {
    std::shared_ptr<companion> out = companion::made(0);
    one_link in{companion::passed(os::descriptor{::dup(out->descriptor())})};

    [[nodiscard]] pool::block_reference send() {
        static_cast<void>(out->out().lend(sizeof(std::uint64_t)));
        const auto result = out->out().hand_over(sizeof(std::uint64_t));
        out->out().handed_over();
        return result;
    }
};

}  // namespace

TEST_CASE("the pool of a connection that has gone is held as long as a message of it") {
    two_sides sides;
    payload::arriving_pool<C, one_link> pool{sides.in};
    static_cast<void>(pool.hold(sides.send()));
    const std::weak_ptr<companion> held = sides.in.last;
    sides.in.last.reset();
    CHECK_FALSE(held.expired());
    pool.release();
    CHECK(held.expired());
}

TEST_CASE("the pool of a connection that ends for a reference that was refused is not held") {
    two_sides sides;
    payload::arriving_pool<C, one_link> pool{sides.in};
    const std::weak_ptr<companion> held = sides.in.last;
    auto reference = sides.send();
    ++reference.generation;
    try {
        static_cast<void>(pool.hold(reference));
        FAIL();
    } catch (const error& refused) {
        CHECK(refused.code() == errc::corrupt);
    }
    CHECK(sides.in.last == nullptr);  // as where a connection is cut
    CHECK(held.expired());
}

TEST_CASE("a peer that counts blocks up makes a sender use none that it has not reserved") {
    using B = channel<bytes<65000>, unix_seqpacket, direct, map>;
    using sizes = payload::pool_of<B>::classes;
    constexpr std::uint64_t limit = 1 << 16;
    static_assert(sizes::count > 1 && sizes::smallest == 4096);
    const auto mine = payload::connection_pool<B, pool::block_reference>::made(limit);
    const auto peers =
        payload::connection_pool<B, pool::block_reference>::passed(os::descriptor{::dup(mine->descriptor())});
    for (auto& each : peers->in().body().carved) {
        each.store(1 << 20);
    }
    std::uint64_t taken = 0;
    while (mine->out().lend(sizes::smallest) != nullptr) {
        static_cast<void>(mine->out().hand_over(sizes::smallest));
        mine->out().handed_over();
        ++taken;
    }
    CHECK(taken == limit / sizes::smallest);
    CHECK(peers->in().body().carved.front().load() == taken);
}
