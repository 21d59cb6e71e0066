#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <system_error>
#include <tuple>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

#include <sched.h>

#include <parley/parley.hpp>

#include "conformance/adapted.hpp"
#include "conformance/check.hpp"
#include "conformance/compositions.hpp"
#include "conformance/huge.hpp"
#include "conformance/pools.hpp"
#include "conformance/venue.hpp"
#include "support/catch.hpp"

/// `adaptive`: small messages travel, larger ones stay, and to the user there is no difference but in what it costs.

namespace parley::conformance {

namespace {

template <class... Words>
using C = parley::channel<bytes<largest_size>, adaptive<threshold>, Words...>;

using carriers = std::tuple<C<>,                                                    //
                            C<bounded<1>, nonblocking, mailbox_by<at_least_once>>,  //
                            C<zero, blocking_on<futex>>,                            //
                            C<port, bounded<3>, blocking_on<spin>>,                 //
                            C<mqueue>,                                              //
                            C<fifo, port, bounded<4>, nonblocking>,                 //
                            C<unix_stream, port, zero>,                             //
                            C<unix_seqpacket, port, unbounded, sync<blocking, nonblocking>>>;

/// Where a loan for a small message is a place in the link.
template <class C>
inline constexpr bool lends_places = C::transport::capabilities.in_place && !C::buffering::rendezvous;

/// In the composition's own way.
template <class In>
[[nodiscard]] auto take_one(In& in) {
    if constexpr (receiver_waits<channel_of<In>>) {
        return in.take();
    } else {
        auto held = in.try_take();
        while (!held) {
            ::sched_yield();
            held = in.try_take();
        }
        return std::move(*held);
    }
}

[[nodiscard]] std::string_view text_of(std::span<const std::byte> bytes) {
    return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

}  // namespace

TEMPLATE_LIST_TEST_CASE("adaptive: small and large messages arrive whole and in order, sent or loaned", "", carriers) {
    using channel = TestType;
    const about composition{channel::describe()};
    constexpr std::uint64_t count = 40 * sizes.size();
    venue<channel> place;
    auto in = place.receiver();
    child sender{"sender", [&] {
                     auto out = place.sender();
                     auto message = std::make_unique<bytes<largest_size>>();
                     for (std::uint64_t number = 0; number < count; ++number) {
                         const auto size = sizes[number % sizes.size()];
                         if (number % 3 == 0) {
                             auto loan = out->try_loan(size);
                             while (!loan) {
                                 ::sched_yield();
                                 loan = out->try_loan(size);
                             }
                             PARLEY_CHECK_IN_CHILD(loan->room().size() >= size);
                             pattern{number}.write(loan->room().first(size));
                             loan->resize(size);
                             put_loan(*out, std::move(*loan));
                         } else {
                             message->resize(size);
                             pattern{number}.write({message->data(), size});
                             put(*out, *message);
                         }
                     }
                 }};
    auto message = std::make_unique<bytes<largest_size>>();
    for (std::uint64_t number = 0; number < count; ++number) {
        const auto size = sizes[number % sizes.size()];
        if (number % 2 == 0) {
            const auto held = take_one(*in);
            PARLEY_REQUIRE(held.content().size() == size);
            PARLEY_REQUIRE(pattern{number}.is_in(held.content()));
        } else {
            while (in->receive(std::span(message.get(), 1)) == 0) {
                ::sched_yield();
            }
            PARLEY_REQUIRE(message->size() == size);
            PARLEY_REQUIRE(pattern{number}.is_in({message->data(), size}));
        }
    }
    PARLEY_REQUIRE(sender.join_ok());
}

using by_size = std::tuple<C<bounded<8>>, C<bounded<8>, mqueue>, C<bounded<8>, unix_stream, port>>;

TEMPLATE_LIST_TEST_CASE("adaptive: a message up to the threshold needs no block, and one byte more does", "", by_size) {
    using channel = TestType;
    const about composition{channel::describe()};
    const auto name = fresh_name<channel>();
    receiver<channel> in{create_only, name, {.pool_size = 1}};  // one block of each size
    child sending{"sender", [&] {
                      sender<channel> out{name};
                      auto small = std::make_unique<bytes<largest_size>>();
                      small->resize(threshold);
                      auto large = std::make_unique<bytes<largest_size>>();
                      large->resize(threshold + 1);
                      std::size_t blocks = 0;
                      while (blocks < 8 && out.try_send(*large)) {
                          ++blocks;
                      }
                      PARLEY_CHECK_IN_CHILD(blocks > 0 && blocks < 8);
                      for (std::size_t rest = blocks; rest < 8; ++rest) {
                          PARLEY_CHECK_IN_CHILD(!out.try_send(*large));
                          PARLEY_CHECK_IN_CHILD(!out.try_loan(threshold + 1));
                          auto loan = out.try_loan(threshold);
                          PARLEY_CHECK_IN_CHILD(loan && loan->room().size() >= threshold);
                          PARLEY_CHECK_IN_CHILD(thrown_by([&] { loan->resize(loan->room().size() + 1); }) ==
                                                errc::message_too_large);
                          loan->resize(threshold);
                          PARLEY_CHECK_IN_CHILD(out.try_send(*loan));
                      }
                      PARLEY_CHECK_IN_CHILD(!out.try_send(*small));  // full
                      auto loan = out.try_loan(threshold);
                      PARLEY_CHECK_IN_CHILD(lends_places<channel> ? !loan : loan && !out.try_send(*loan));
                  }};
    PARLEY_REQUIRE(sending.join_ok());
    std::size_t received = 0;
    bool small_yet = false;
    auto message = std::make_unique<bytes<largest_size>>();
    while (in.try_receive(std::span(message.get(), 1)) == 1) {
        small_yet = small_yet || message->size() == threshold;
        PARLEY_REQUIRE(message->size() == (small_yet ? threshold : threshold + 1));
        ++received;
    }
    PARLEY_REQUIRE(received == 8);
    std::error_code ignored;
    channel::remove(name, ignored);
}

using in_rings = std::tuple<C<bounded<2>>,                             //
                            C<bounded<2>, mailbox_by<at_least_once>>,  //
                            C<bounded<2>, port, blocking_on<futex>, mapped_file>>;

TEMPLATE_LIST_TEST_CASE("adaptive: a loan for a small message is a place in the link", "", in_rings) {
    using channel = TestType;
    const about composition{channel::describe()};
    venue<channel> place;
    auto in = place.receiver();
    auto out = place.sender();
    auto other = place.sender();

    // What others send meanwhile comes after it.
    auto lent = out->loan(3);
    REQUIRE(other->try_send(std::string_view{"later"}));
    CHECK_FALSE(other->try_send(std::string_view{"no place"}));
    CHECK_FALSE(other->try_loan(3));
    CHECK_FALSE(in->try_receive());
    lent.resize(3);
    std::memcpy(lent.room().data(), "was", 3);
    CHECK(out->try_send(lent));
    CHECK(thrown_by([&] { out->send(std::move(lent)); }) == errc::bad_state);
    CHECK(in->receive().as_string_view() == "was");
    CHECK(in->receive().as_string_view() == "later");

    // Let go it is skipped.
    static_cast<void>(out->loan(threshold));
    out->send(std::string_view{"next"});
    CHECK(in->receive().as_string_view() == "next");
    for (int round = 0; round < 5; ++round) {
        static_cast<void>(out->loan(threshold));
        static_cast<void>(other->loan(0));
        CHECK_FALSE(in->try_receive());
    }

    // One that is more is a block, and takes no place.
    auto block = out->loan(threshold + 1);
    CHECK(other->try_send(std::string_view{"first"}));
    CHECK(other->try_send(std::string_view{"second"}));
    block.resize(1);
    CHECK_FALSE(out->try_send(block));
    CHECK(in->receive().as_string_view() == "first");
    CHECK(out->try_send(block));
    CHECK(in->receive().as_string_view() == "second");
    CHECK(in->receive().size() == 1);
}

TEMPLATE_LIST_TEST_CASE("adaptive: a small message that is taken keeps its place until it is released", "", in_rings) {
    using channel = TestType;
    const about composition{channel::describe()};
    venue<channel> place;
    auto in = place.receiver();
    auto out = place.sender();
    out->send(std::string_view{"one"});
    out->send(std::string_view{"two"});
    auto held = in->take();
    CHECK(text_of(held.content()) == "one");
    CHECK_FALSE(out->try_send(std::string_view{"three"}));
    CHECK_FALSE(out->try_loan(5));
    CHECK(text_of(held.content()) == "one");
    held.release();
    auto lent = out->try_loan(5);
    REQUIRE(lent);
    lent->resize(5);
    std::memcpy(lent->room().data(), "three", 5);
    CHECK(out->try_send(*lent));
    CHECK(in->receive().as_string_view() == "two");
    CHECK(in->receive().as_string_view() == "three");
}

TEMPLATE_LIST_TEST_CASE("adaptive: who wants to lend a place in a full link waits for a receiver", "", in_rings) {
    using channel = TestType;
    const about composition{channel::describe()};
    constexpr int count = 200;
    venue<channel> place;
    auto in = place.receiver();
    child sending{"sender", [&] {
                      auto out = place.sender();
                      for (int number = 0; number < count; ++number) {
                          auto lent = out->loan(sizeof number);
                          lent.resize(sizeof number);
                          std::memcpy(lent.room().data(), &number, sizeof number);
                          out->send(std::move(lent));
                      }
                  }};
    for (int number = 0; number < count; ++number) {
        const auto held = in->take();
        int content = -1;
        PARLEY_REQUIRE(held.content().size() == sizeof content);
        std::memcpy(&content, held.content().data(), sizeof content);
        PARLEY_REQUIRE(content == number);
    }
    PARLEY_REQUIRE(sending.join_ok());
}

}  // namespace parley::conformance
