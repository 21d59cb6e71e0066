#include <parley/pool/lender.hpp>

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <list>
#include <memory>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

#include <unistd.h>

#include <parley/parley.hpp>

#include "support/catch.hpp"
#include "support/process.hpp"
#include "support/shared.hpp"

using namespace parley;
using namespace parley::test;

namespace {

constexpr std::size_t kibi = 1024;

template <std::size_t Size>
using filling = std::array<std::uint64_t, Size / sizeof(std::uint64_t)>;
template <std::size_t Size>
using mapped = channel<filling<Size>, map, bounded<64>>;

/// A pool of so many blocks of the largest class.
template <class C>
[[nodiscard]] options holding(std::uint64_t blocks) {
    return {.pool_size = blocks * payload::pool_of<C>::classes::largest};
}

template <class C>
struct meeting {
    explicit meeting(const options& how = {}) : in(create_only, name, how) {}
    ~meeting() {
        std::error_code ignored;
        C::remove(name, ignored);
    }
    meeting(const meeting&) = delete;
    meeting& operator=(const meeting&) = delete;

    std::string name = unique_name("lender");
    receiver<C> in;
};

/// Over how many blocks the messages of one sender go, each received before the next one is sent.
template <std::size_t Size>
[[nodiscard]] std::size_t round(std::size_t messages, const options& how = {}) {
    using C = mapped<Size>;
    meeting<C> place{how};
    sender<C> out{place.name};
    std::set<const void*> blocks;
    for (std::size_t number = 0; number < messages; ++number) {
        auto lent = out.loan();
        blocks.insert(&*lent);
        (*lent)[0] = number;
        out.send(std::move(lent));
        REQUIRE((*place.in.take())[0] == number);
    }
    return blocks.size();
}

/// So many messages that the sender goes round its blocks, and has one spare in the end.
template <class C>
void go_round(sender<C>& out, receiver<C>& in) {
    for (std::uint64_t number = 0; number < 8; ++number) {
        out.send({number});
        REQUIRE(in.receive()[0] == number);
    }
}

/// Sends what there are blocks for, and has it received; how many there are.
template <class C>
[[nodiscard]] std::size_t send_all(sender<C>& out, receiver<C>& in) {
    std::size_t sent = 0;
    while (out.try_send({sent})) {
        ++sent;
    }
    for (std::size_t number = 0; number < sent; ++number) {
        REQUIRE(in.receive()[0] == number);
    }
    return sent;
}

/// Who looks at the pool from within.
template <class C>
[[nodiscard]] auto watcher(const meeting<C>& place) {
    using pool_type = payload::pool_of<C>;
    segment::attachment_request request;
    request.name = place.name;
    return std::make_unique<typename pool_type::lender>(
        pool_type::request(request, pool_type::name_of(place.name), segment::opening::open_only),
        pool_type::limit(request));
}

/// How many blocks are in use, be it for a message or as a spare one.
template <class C>
[[nodiscard]] std::size_t busy(const meeting<C>& place) {
    const auto pool = watcher(place);
    std::size_t result = 0;
    for (std::uint32_t index = 0; index < pool->usable(0); ++index) {
        result += pool::state::of(pool->state_of({0, index}).load()).busy ? 1 : 0;
    }
    return result;
}

/// How many blocks have memory.
template <class C>
[[nodiscard]] std::size_t usable(const meeting<C>& place) {
    return watcher(place)->usable(0);
}

/// Has the pool grow to as many as it may have.
template <class C>
void make_all_blocks(meeting<C>& place, std::size_t blocks) {
    sender<C> first{place.name};
    REQUIRE(send_all(first, place.in) == blocks);
}

}  // namespace

TEST_CASE("a sender goes round few small blocks, and so many large ones that none is in a core's first caches") {
    CHECK(round<4 * kibi>(200) == 4);
    CHECK(round<64 * kibi>(40) == 16);
    CHECK(round<256 * kibi>(40) == 16);
    CHECK(round<1024 * kibi>(12) == 4);
    CHECK(round<8192 * kibi>(4) == 1);
}

TEST_CASE("a round takes no more than half of a pool, and a link all of it") {
    using C = mapped<256 * kibi>;
    CHECK(round<256 * kibi>(40, holding<C>(8)) == 5);
    meeting<C> place{holding<C>(8)};
    sender<C> out{place.name};
    go_round(out, place.in);
    CHECK(send_all(out, place.in) == 8);
}

TEST_CASE("what idle senders have spare is there for others, and each gets on when it sends again") {
    using C = mapped<4 * kibi>;
    meeting<C> place{holding<C>(16)};
    make_all_blocks<C>(place, 16);
    std::list<sender<C>> idle;
    for (int each = 0; each < 4; ++each) {
        go_round(idle.emplace_back(place.name), place.in);
    }
    CHECK(busy(place) == 4);
    sender<C> out{place.name};
    for (std::size_t number = 0; number < 16; ++number) {
        CHECK(out.try_send({number}));
    }
    CHECK_FALSE(out.try_send({16}));
    for (auto& each : idle) {
        CHECK_FALSE(each.try_loan());
    }
    for (std::size_t number = 0; number < 16; ++number) {
        CHECK(place.in.receive()[0] == number);
    }
    CHECK(busy(place) == 0);
    for (auto& each : idle) {
        CHECK(send_all(each, place.in) == 16);
    }
}

TEST_CASE("a sender that waits is not kept waiting for what others have spare") {
    using C = mapped<4 * kibi>;
    meeting<C> place{holding<C>(4)};
    make_all_blocks<C>(place, 4);
    sender<C> idle{place.name};
    go_round(idle, place.in);
    CHECK(busy(place) == 1);
    child waiting{"waiting", [&] {
                      sender<C> out{place.name};
                      for (std::uint64_t number = 0; number < 4; ++number) {
                          out.send({number});
                      }
                  }};
    CHECK(waiting.join_ok());
    for (std::uint64_t number = 0; number < 4; ++number) {
        CHECK(place.in.receive()[0] == number);
    }
}

TEST_CASE("what a sender has spare is free when it leaves, or is killed") {
    using C = mapped<4 * kibi>;
    meeting<C> place{holding<C>(4)};
    make_all_blocks<C>(place, 4);
    {
        sender<C> out{place.name};
        go_round(out, place.in);
        CHECK(busy(place) == 1);
    }
    CHECK(busy(place) == 0);
    shared<std::atomic<bool>> is_idle{false};
    child sending{"sender", [&] {
                      sender<C> out{place.name};
                      receiver<C> back{place.name};
                      go_round(out, back);
                      is_idle->store(true);
                      for (;;) {
                          ::pause();
                      }
                  }};
    REQUIRE(eventually([&] { return is_idle->load(); }));
    CHECK(busy(place) == 1);
    sending.kill9();
    sender<C> out{place.name};
    CHECK(send_all(out, place.in) == 4);
}

TEST_CASE("a child that leaves does not give back what its parent has spare") {
    using C = mapped<4 * kibi>;
    meeting<C> place{holding<C>(4)};
    std::optional<sender<C>> out{place.name};
    REQUIRE(send_all(*out, place.in) == 4);
    go_round(*out, place.in);
    child heir{"heir", [&] { out.reset(); }};
    REQUIRE(heir.join_ok());
    CHECK(busy(place) == 1);
    auto lent = out->loan();
    lent->fill(1);
    sender<C> other{place.name};
    CHECK(send_all(other, place.in) == 3);
    CHECK(lent->back() == 1);
    out->send(std::move(lent));
    CHECK(place.in.receive()[0] == 1);
}

TEST_CASE("a sender uses the blocks of those who have gone before new ones") {
    using C = mapped<1024 * kibi>;
    meeting<C> place;
    for (int turn = 0; turn < 12; ++turn) {
        sender<C> out{place.name};
        for (std::uint64_t number = 0; number < 8; ++number) {
            auto lent = out.loan();
            (*lent)[0] = number;
            out.send(std::move(lent));
            REQUIRE(place.in.take()->front() == number);
        }
    }
    CHECK(usable<C>(place) == 4);
}

TEST_CASE("messages of one size and another use the blocks of both") {
    using C = channel<bytes<64 * kibi>, map, bounded<64>>;
    meeting<C> place;
    sender<C> out{place.name};
    const std::vector<std::byte> large(60 * kibi, std::byte{1});
    const std::span<const std::byte> all(large);
    constexpr std::array<std::size_t, 8> sizes{100, 200, 60 * kibi, 50 * kibi, 300, 40 * kibi, 400, 500};
    for (int turn = 0; turn < 200; ++turn) {
        for (const std::size_t size : sizes) {
            REQUIRE(out.try_send(all.first(size)));
            REQUIRE(place.in.take().content().size() == size);
        }
    }
}
