#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <string>
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
                          loan.reset();
                          PARLEY_CHECK_IN_CHILD(out.try_send(*small));
                      }
                      PARLEY_CHECK_IN_CHILD(!out.try_send(*small));  // full
                      auto loan = out.try_loan(threshold);
                      PARLEY_CHECK_IN_CHILD(loan && !out.try_send(*loan));
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

}  // namespace parley::conformance
