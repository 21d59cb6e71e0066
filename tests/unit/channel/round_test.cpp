#include <parley/channel/round.hpp>

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string>
#include <system_error>
#include <vector>

#include <parley/parley.hpp>

#include "support/catch.hpp"
#include "support/process.hpp"

using namespace std::chrono_literals;
using parley::os::deadline;
using parley::rounds_detail::read_round;
using parley::rounds_detail::round_header;
using parley::rounds_detail::round_kind;
using parley::rounds_detail::round_reader;
using parley::rounds_detail::round_writer;
using parley::test::unique_name;

namespace {

template <class... Words>
using over = parley::channel<parley::bytes<1000>, parley::port, parley::bounded<2>, Words...>;

constexpr round_header some_header{
    .kind = round_kind::part, .body = 3, .offset = 1'000'000'000'000, .total = ~std::uint64_t{0}};

[[nodiscard]] bool is(const round_header& one, const round_header& other) {
    return std::memcmp(&one, &other, sizeof one) == 0;
}

}  // namespace

TEST_CASE("a round is read from where a message may lie") {
    std::array<std::byte, 64> memory{};
    for (std::size_t at = 0; at < 8; ++at) {
        std::memcpy(memory.data() + at, &some_header, sizeof some_header);
        const auto found = read_round(std::span(memory).subspan(at, 30));
        REQUIRE(found);
        CHECK(is(found->header, some_header));
        CHECK(found->part.data() == memory.data() + at + sizeof some_header);
        CHECK(found->part.size() == 6);
        CHECK(read_round(std::span(memory).subspan(at, 24)));
        CHECK_FALSE(read_round(std::span(memory).subspan(at, 23)));
    }
    CHECK_FALSE(read_round({}));
    memory.fill(std::byte{});
    CHECK_FALSE(read_round(memory));
}

// One writer and one reader of a port stand for a link: in memory, through the kernel, and with the bytes in a pool.
TEMPLATE_TEST_CASE("rounds are written and read in place where that is possible, and a deadline holds", "", over<>,
                   over<parley::unix_stream>, over<parley::map>, (over<parley::mqueue, parley::adaptive<100>>)) {
    using C = TestType;
    INFO(C::describe());
    const auto name = unique_name("round");
    parley::receiver<C> in{name};
    parley::sender<C> out{name};
    round_writer<parley::sender<C>> writer;
    round_reader<parley::receiver<C>> reader;
    CHECK(writer.largest_part == 976);
    CHECK_FALSE(reader.attempt(in));
    CHECK_FALSE(reader.wait(in, deadline::after(1ms)));

    for (const std::size_t size :
         {std::size_t{0}, std::size_t{1}, std::size_t{76}, std::size_t{77}, std::size_t{976}}) {
        for (int each = 0; each < 2; ++each) {
            CHECK(writer.write(
                out, some_header, size, [&](std::span<std::byte> room) { std::memset(room.data(), 7, room.size()); },
                each == 0 ? deadline::after(1h) : deadline::never()));
        }
        CHECK_FALSE(writer.write(
            out, some_header, size, [](std::span<std::byte>) {}, deadline::after(1ms)));
        REQUIRE(reader.wait(in, deadline::after(1h)));
        const auto found = read_round(reader.content());
        REQUIRE(found);
        CHECK(is(found->header, some_header));
        CHECK(std::vector(found->part.begin(), found->part.end()) == std::vector(size, std::byte{7}));
        REQUIRE(reader.attempt(in));
        CHECK(reader.content().size() == sizeof some_header + size);
        CHECK_FALSE(reader.attempt(in));
    }

    // What throws while it writes has sent nothing.
    CHECK_THROWS(writer.write(
        out, some_header, 5, [](std::span<std::byte>) { throw 5; }, deadline::never()));
    writer.try_write(out, some_header);
    REQUIRE(reader.wait(in, deadline::never()));
    CHECK(reader.content().size() == sizeof some_header);
    reader.release();
    CHECK_FALSE(reader.attempt(in));
    std::error_code ignored;
    C::remove(name, ignored);
}
