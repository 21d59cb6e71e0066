#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <list>
#include <optional>
#include <span>
#include <system_error>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

#include <sched.h>

#include <parley/parley.hpp>

#include "conformance/check.hpp"
#include "conformance/compositions.hpp"
#include "conformance/encoded.hpp"
#include "conformance/huge.hpp"
#include "conformance/pools.hpp"
#include "conformance/venue.hpp"
#include "support/catch.hpp"

/// What there is with `map` only: a pool, in which messages of any size stay, and whose end is everybody's limit.

namespace parley::conformance {

namespace {

using picture = bytes<std::size_t{64} << 20>;

constexpr std::size_t mebibyte = std::size_t{1} << 20;

/// Around where one size of block ends and the next begins, and what is far too large for any queue or packet.
constexpr std::array<std::size_t, 20> sizes{
    0,    1,    7,     100,   4079,     4080,         4081,         4088,          4096, 4097,
    8184, 8192, 65535, 65536, mebibyte, mebibyte + 1, 3 * mebibyte, 20 * mebibyte, 0,    5 * mebibyte};

}  // namespace

TEST_CASE("map: a loan has room for what was asked, and less than twice as much as the message may use") {
    using C = parley::channel<picture, parley::map, bounded<4>>;
    venue<C> place;
    auto out = place.sender();
    for (const auto size : sizes) {
        const auto loan = out->loan(size);
        CAPTURE(size, loan.room().size());
        CHECK(loan.room().size() >= size);
        CHECK(loan.room().size() <= std::max<std::size_t>(2 * size, 4096));
        loan.resize(size);
        CHECK(thrown_by([&] { loan.resize(loan.room().size() + 1); }) == errc::message_too_large);
    }
    CHECK(out->loan(picture::max_size).room().size() == picture::max_size);
    CHECK(thrown_by([&] { return out->loan(picture::max_size + 1); }) == errc::message_too_large);
    CHECK(thrown_by([&] { return out->try_loan(picture::max_size + 1); }) == errc::message_too_large);
    std::error_code code;
    CHECK_FALSE(out->loan(picture::max_size + 1, code));
    CHECK(code == errc::message_too_large);
    CHECK_FALSE(out->try_loan(~std::size_t{0}, code));
    CHECK(code == errc::message_too_large);
    const auto given = out->loan(100, code);
    CHECK(given);
    CHECK_FALSE(code);
    CHECK_FALSE(out->try_loan(100, code));
    CHECK(code == errc::bad_state);
    CHECK(thrown_by([&] { return out->loan(100); }) == errc::bad_state);
}

TEST_CASE("map: a loan of no size named is one of the largest") {
    using C = parley::channel<bytes<100'000>, parley::map, bounded<4>>;
    venue<C> place;
    auto out = place.sender();
    CHECK(out->loan().room().size() == 100'000);
    CHECK(out->try_loan().value().room().size() == 100'000);
    CHECK(out->loan_for(short_wait).value().room().size() == 100'000);
}

using carriers_of_pictures = std::tuple<parley::channel<picture, parley::map, bounded<4>>,            //
                                        parley::channel<picture, parley::map, mqueue, bounded<4>>,    //
                                        parley::channel<picture, parley::map, fifo, port>,            //
                                        parley::channel<picture, map_by<many_segments>, bounded<4>>,  //
                                        parley::channel<picture, map_by<many_segments>, unix_stream, port>,
                                        parley::channel<picture, parley::map, unix_datagram, port, nonblocking>>;

TEMPLATE_LIST_TEST_CASE("map: what is written in one process is read in another where it lies, whatever its size", "",
                        carriers_of_pictures) {
    using C = TestType;
    const about composition{C::describe()};
    venue<C> place;
    auto in = place.receiver();
    child sender{"sender", [&] {
                     auto out = place.sender();
                     for (std::size_t number = 0; number < sizes.size(); ++number) {
                         auto loan = out->try_loan(sizes[number]);
                         while (!loan) {
                             ::sched_yield();
                             loan = out->try_loan(sizes[number]);
                         }
                         loan->resize(sizes[number]);
                         pattern{number}.write(loan->room().first(sizes[number]));
                         put_loan(*out, std::move(*loan));
                     }
                 }};
    for (std::size_t number = 0; number < sizes.size(); ++number) {
        auto held = in->try_take();
        while (!held) {
            ::sched_yield();
            held = in->try_take();
        }
        PARLEY_REQUIRE(held->content().size() == sizes[number]);
        PARLEY_REQUIRE(pattern{number}.is_in(held->content()));
    }
    PARLEY_REQUIRE(sender.join_ok());
    std::error_code code;
    PARLEY_REQUIRE(!in->try_take(code));
    PARLEY_REQUIRE(!code || code == errc::closed);
}

TEST_CASE("map: an encoded message takes a block of the size that it has") {
    encoded_messages_arrive<parley::channel<huge, parley::map, unix_stream, port>>(sizes);
}

using small_pools = std::tuple<parley::channel<page, parley::map, bounded<64>>,                           //
                               parley::channel<page, map_by<many_segments>, bounded<64>>,                 //
                               parley::channel<page, parley::map, unbounded, blocking_on<futex>>,         //
                               parley::channel<page, parley::map, bounded<64>, port, blocking_on<spin>>,  //
                               parley::channel<page, parley::map, bounded_by_kernel, unix_stream, port>>;

TEMPLATE_LIST_TEST_CASE("map: a pool holds what it was given room for, and a send for which there is none waits", "",
                        small_pools) {
    using C = TestType;
    const about composition{C::describe()};
    const auto name = fresh_name<C>();
    receiver<C> in{create_only, name, small_pool};
    steps step;
    child sending{"sender", [&] {
                      sender<C> out{name};
                      page message{};
                      std::error_code code = errc::system;
                      for (; message.number < pages_in_pool; ++message.number) {
                          PARLEY_CHECK_IN_CHILD(out.try_send(message));
                      }
                      PARLEY_CHECK_IN_CHILD(!out.try_send(message));
                      PARLEY_CHECK_IN_CHILD(!out.try_send(message, code) && !code);
                      PARLEY_CHECK_IN_CHILD(!out.try_loan());
                      code = errc::system;
                      PARLEY_CHECK_IN_CHILD(!out.try_loan(code) && !code);
                      PARLEY_CHECK_IN_CHILD(out.try_send(std::span<const page>{&message, 1}) == 0);
                      for (const bool by_loan : {false, true}) {
                          const auto start = std::chrono::steady_clock::now();
                          code = errc::system;
                          PARLEY_CHECK_IN_CHILD(by_loan ? !out.loan_for(short_wait, code)
                                                        : !out.send_for(message, short_wait, code));
                          PARLEY_CHECK_IN_CHILD(!code);
                          PARLEY_CHECK_IN_CHILD(std::chrono::steady_clock::now() - start >= short_wait);
                      }
                      PARLEY_CHECK_IN_CHILD(!out.send_for(message, -1s));
                      step.reach(1);
                      out.send(message);  // waits
                      step.reach(2);
                      auto loan = out.loan();  // waits
                      loan->number = pages_in_pool + 1;
                      out.send(std::move(loan));
                      step.reach(3);
                  }};
    PARLEY_REQUIRE(step.await(1));
    for (std::uint64_t number = 0; number < 2; ++number) {
        const auto at = static_cast<int>(1 + number);
        if constexpr (sender_sleeps<C>) {
            PARLEY_REQUIRE(eventually([&] { return is_asleep(sending.pid()); }));
        }
        PARLEY_REQUIRE(step.at() == at);
        auto held = in.take();
        PARLEY_REQUIRE(held->number == number);
        if constexpr (sender_sleeps<C>) {
            PARLEY_REQUIRE(eventually([&] { return is_asleep(sending.pid()); }));
        }
        PARLEY_REQUIRE(step.at() == at);  // held is not free
        held.release();
        PARLEY_REQUIRE(step.await(at + 1));
    }
    PARLEY_REQUIRE(sending.join_ok());
    for (std::uint64_t number = 2; number < pages_in_pool + 2; ++number) {
        PARLEY_REQUIRE(in.receive().number == number);
    }
    PARLEY_REQUIRE(is_drained(in));
    std::error_code ignored;
    C::remove(name, ignored);
}

TEST_CASE("map: the one who creates the pool says how large it is") {
    using C = parley::channel<page, parley::map, bounded<64>>;
    venue<C> place;
    receiver<C> in{place.name(), small_pool};
    sender<C> out{place.name(), options{.pool_size = 64 * sizeof(page)}};
    page message{};
    while (out.try_send(message)) {
        ++message.number;
    }
    CHECK(message.number == pages_in_pool);
}

TEST_CASE("map: the link, and not its pool, is what is full where nobody says how large the pool is") {
    using C = parley::channel<page, parley::map, bounded<100>>;
    venue<C> place;
    auto in = place.receiver();
    std::list<sender<C>> senders;
    page message{};
    for (int each = 0; each < 4; ++each) {
        auto& out = senders.emplace_back(place.name());
        for (int part = 0; part < 25; ++part) {
            REQUIRE(out.try_send(message));
        }
    }
    CHECK_FALSE(senders.front().try_send(message));
    CHECK(in->try_receive());
    CHECK(senders.back().try_send(message));
}

TEST_CASE("map: a loan that finds no room in the link is kept") {
    const auto check = [](auto kind) {
        using C = typename decltype(kind)::type;
        INFO(C::describe());
        venue<C> place;
        auto in = place.receiver();
        auto out = place.sender();
        REQUIRE(out->try_send(item::make(1, 0)));
        auto loan = out->try_loan();
        REQUIRE(loan);
        **loan = item::make(1, 1);
        CHECK_FALSE(out->try_send(*loan));
        std::error_code code = errc::system;
        CHECK_FALSE(out->try_send(*loan, code));
        CHECK_FALSE(code);
        CHECK(thrown_by([&] { return out->try_send(item::make(1, 2)); }) == errc::bad_state);  // it is out still
        CHECK((*loan)->number == 1);
        CHECK(in->try_receive().value().number == 0);
        CHECK(out->try_send(*loan));
        CHECK(thrown_by([&] { return out->try_send(*loan); }) == errc::bad_state);
        CHECK_FALSE(out->try_send(*loan, code));
        CHECK(code == errc::bad_state);
        CHECK(in->try_receive().value().number == 1);
        loan = out->try_loan();
        REQUIRE(loan);
        loan.reset();  // let go: nothing is sent
        CHECK(out->try_send(item::make(1, 3)));
        CHECK(in->try_receive().value().number == 3);
    };
    check(std::type_identity<on<shm>::c<parley::map, bounded<1>>>{});
    check(std::type_identity<on<shm>::c<parley::map, bounded<1>, nonblocking>>{});
    check(std::type_identity<on<mqueue>::c<parley::map, bounded<1>, nonblocking>>{});
}

TEST_CASE("map: a blocking send of a loan waits for room in the link") {
    using C = on<shm>::c<parley::map, bounded<1>>;
    venue<C> place;
    auto in = place.receiver();
    steps step;
    child sender{"sender", [&] {
                     auto out = place.sender();
                     out->send(item::make(1, 0));
                     auto loan = out->loan();
                     *loan = item::make(1, 1);
                     step.reach(1);
                     out->send(std::move(loan));
                     step.reach(2);
                 }};
    REQUIRE(step.await(1));
    CHECK(eventually([&] { return is_asleep(sender.pid()); }));
    CHECK(step.at() == 1);
    CHECK(in->receive().number == 0);
    CHECK(step.await(2));
    CHECK(in->receive().number == 1);
    CHECK(sender.join_ok());
}

TEST_CASE("map: two receivers and two senders share a small pool, and each message is received once") {
    using C = parley::channel<bytes<20'000>, parley::map, bounded<8>>;
    constexpr std::uint32_t count = 2000;
    constexpr std::uint32_t last = ~std::uint32_t{0};
    venue<C> place;
    const auto give = [&](sender<C>& out, std::uint32_t number) {
        const auto size = number == last ? 4 : 4 + number * 7919U % 19'000;
        auto loan = out.loan(size);
        loan.resize(size);
        std::memcpy(loan.room().data(), &number, 4);
        pattern{number}.write(loan.room().first(size).subspan(4));
        out.send(std::move(loan));
    };
    const receiver<C> first{create_only, place.name(), options{.pool_size = 100'000}};
    shared<std::array<std::atomic<std::uint8_t>, 2 * count>> seen;
    std::list<child> receivers;
    for (int each = 0; each < 2; ++each) {
        receivers.emplace_back("receiver", [&] {
            receiver<C> in{place.name()};
            for (;;) {
                const auto held = in.take();
                std::uint32_t number = 0;
                PARLEY_CHECK_IN_CHILD(held.content().size() >= 4);
                std::memcpy(&number, held.content().data(), 4);
                if (number == last) {
                    break;
                }
                PARLEY_CHECK_IN_CHILD(number < 2 * count);
                PARLEY_CHECK_IN_CHILD(pattern{number}.is_in(held.content().subspan(4)));
                (*seen)[number].fetch_add(1);
            }
        });
    }
    std::list<child> senders;
    for (std::uint32_t each = 0; each < 2; ++each) {
        senders.emplace_back("sender", [&, each] {
            sender<C> out{place.name()};
            for (std::uint32_t number = 0; number < count; ++number) {
                give(out, each * count + number);
            }
        });
    }
    for (auto& each : senders) {
        CHECK(each.join_ok());
    }
    sender<C> out{place.name()};
    give(out, last);
    give(out, last);
    for (auto& each : receivers) {
        CHECK(each.join_ok());
    }
    CHECK(std::all_of(seen->begin(), seen->end(), [](const auto& times) { return times.load() == 1; }));
}

}  // namespace parley::conformance
