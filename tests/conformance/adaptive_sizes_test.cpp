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
#include "conformance/encoded.hpp"
#include "conformance/huge.hpp"
#include "conformance/pools.hpp"
#include "conformance/venue.hpp"
#include "support/catch.hpp"

/// `adaptive` with messages of other kinds than bytes: what counts is the size that each has.

namespace parley::conformance {

namespace {

using small_type = std::array<std::uint64_t, threshold / 8>;
using large_type = std::array<std::uint64_t, threshold / 8 + 1>;

/// Whether the first message of a channel had to have a pool.
template <class Message, class... Words>
[[nodiscard]] bool makes_a_pool() {
    using channel = parley::channel<Message, adaptive<threshold>, bounded<4>, Words...>;
    venue<channel> place;
    auto in = place.receiver();
    auto out = place.sender();
    Message content{};
    content.back() = 42;
    put(*out, content);
    CHECK(in->receive().back() == 42);
    return pool_exists<channel>(place.name());
}

}  // namespace

TEST_CASE("adaptive: of a type of one size, all messages travel, or all stay") {
    CHECK_FALSE(makes_a_pool<small_type>());
    CHECK(makes_a_pool<large_type>());
    CHECK_FALSE(makes_a_pool<small_type, unix_stream, port>());
    CHECK(makes_a_pool<large_type, unix_stream, port>());
}

struct alignas(128) wide_type {
    std::uint64_t number;
};
using either = std::variant<int, large_type, wide_type, bytes<largest_size>>;

using of_variants = std::tuple<parley::channel<either, adaptive<threshold>>,  //
                               parley::channel<either, adaptive<threshold>, mqueue>>;

TEMPLATE_LIST_TEST_CASE("adaptive: each alternative of a variant goes by its own size", "", of_variants) {
    using channel = TestType;
    const about composition{channel::describe()};
    const auto name = fresh_name<channel>();
    receiver<channel> in{create_only, name};
    constexpr int rounds = 200;
    child sending{"sender", [&] {
                      sender<channel> out{name};
                      for (int number = 0; number < rounds; ++number) {
                          out.send(number);
                          large_type numbers{};
                          numbers.fill(static_cast<std::uint64_t>(number));
                          out.send(numbers);
                          out.send(wide_type{static_cast<std::uint64_t>(number)});
                          out.send(bytes<largest_size>{std::string(static_cast<std::size_t>(number) * 20, 'x')});
                      }
                  }};
    for (int number = 0; number < rounds; ++number) {
        PARLEY_REQUIRE(std::get<int>(in.receive()) == number);
        const auto numbers = std::get<large_type>(in.receive());
        PARLEY_REQUIRE(numbers.front() == static_cast<std::uint64_t>(number) && numbers.back() == numbers.front());
        PARLEY_REQUIRE(std::get<wide_type>(in.receive()).number == numbers.front());
        PARLEY_REQUIRE(std::get<bytes<largest_size>>(in.receive()).as_string_view() ==
                       std::string(static_cast<std::size_t>(number) * 20, 'x'));
    }
    PARLEY_REQUIRE(sending.join_ok());
    channel::remove(name);
}

TEST_CASE("adaptive: an encoded message goes by the size that it has") {
    encoded_messages_arrive<parley::channel<huge, adaptive<threshold>, unix_stream, port>>(sizes);
}

}  // namespace parley::conformance
