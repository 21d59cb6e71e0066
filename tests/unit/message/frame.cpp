#include <parley/message/frame.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "support/catch.hpp"

using parley::message::frame_header;
using parley::message::frame_header_size;
using parley::message::frame_kind;

namespace {

using buffer = std::array<std::byte, frame_header_size>;

[[nodiscard]] buffer written(const frame_header& header) {
    buffer result;
    header.write(result.data());
    return result;
}

[[nodiscard]] unsigned at(const buffer& bytes, std::size_t place) { return std::to_integer<unsigned>(bytes[place]); }

}  // namespace

TEST_CASE("a header is read as it was written") {
    frame_header header;
    header.kind = frame_kind::credit;
    header.length = 0x01020304;
    header.sender = 0xfffffffe;
    header.sequence = 0x80000000;
    header.part = 3;
    header.parts = 7;
    header.type = 11;
    header.priority = 13;
    const auto received = frame_header::read(written(header).data());
    CHECK(received.sound());
    CHECK(received.magic == frame_header::expected_magic);
    CHECK(received.version == frame_header::expected_version);
    CHECK(received.kind == frame_kind::credit);
    CHECK(received.length == header.length);
    CHECK(received.sender == header.sender);
    CHECK(received.sequence == header.sequence);
    CHECK(received.part == 3);
    CHECK(received.parts == 7);
    CHECK(received.type == 11);
    CHECK(received.priority == 13);
}

// Two programs, of which one was compiled some years before the other, must agree on this.
TEST_CASE("each number has its place among the 24 bytes, the least significant byte first") {
    frame_header header;
    header.kind = frame_kind::goodbye;
    header.length = 0x04030201;
    header.sender = 0x14131211;
    header.sequence = 0x24232221;
    header.part = 0x3231;
    header.parts = 0x4241;
    header.type = 0x5251;
    header.priority = 0x6261;
    const auto bytes = written(header);
    CHECK(at(bytes, 0) == 'p');
    CHECK(at(bytes, 1) == 'y');
    CHECK(at(bytes, 2) == 1);
    CHECK(at(bytes, 3) == 10);
    for (unsigned i = 0; i < 4; ++i) {
        CHECK(at(bytes, 4 + i) == 0x01 + i);
        CHECK(at(bytes, 8 + i) == 0x11 + i);
        CHECK(at(bytes, 12 + i) == 0x21 + i);
    }
    for (unsigned i = 0; i < 2; ++i) {
        CHECK(at(bytes, 16 + i) == 0x31 + i);
        CHECK(at(bytes, 18 + i) == 0x41 + i);
        CHECK(at(bytes, 20 + i) == 0x51 + i);
        CHECK(at(bytes, 22 + i) == 0x61 + i);
    }
}

TEST_CASE("a header lies where it likes, aligned or not, and nothing beside it is touched") {
    std::vector<std::byte> place(frame_header_size + 9, std::byte{0xee});
    frame_header header;
    header.sequence = 77;
    for (std::size_t begin = 1; begin < 8; ++begin) {
        header.write(place.data() + begin);
        CHECK(frame_header::read(place.data() + begin).sequence == 77);
        CHECK(place[begin - 1] == std::byte{0xee});
        CHECK(place[begin + frame_header_size] == std::byte{0xee});
        place.assign(place.size(), std::byte{0xee});
    }
}

TEST_CASE("what a peer writes after a header has been read does not change what was read") {
    auto bytes = written({});
    const auto received = frame_header::read(bytes.data());
    bytes.fill(std::byte{0xff});
    CHECK(received.sound());
    CHECK(received.length == 0);
}

TEST_CASE("a header that nobody has filled in is a message of no bytes, in one part") {
    const frame_header header;
    CHECK(header.sound());
    CHECK(header.kind == frame_kind::content);
    CHECK(header.length == 0);
    CHECK(header.part == 0);
    CHECK(header.parts == 1);
}

TEST_CASE("what parley cannot have written is not sound") {
    frame_header header;
    SECTION("no magic") {
        header.magic = 0;
        CHECK_FALSE(header.sound());
        header.magic = 0x7079;  // from a machine of the other byte order
        CHECK_FALSE(header.sound());
    }
    SECTION("another version") {
        header.version = frame_header::expected_version + 1;
        CHECK_FALSE(header.sound());
        header.version = 0;
        CHECK_FALSE(header.sound());
    }
    SECTION("a part beyond the last") {
        header.part = 1;
        CHECK_FALSE(header.sound());
        header.parts = 2;
        CHECK(header.sound());
        header.part = 0xffff;
        header.parts = 0xffff;
        CHECK_FALSE(header.sound());
    }
    SECTION("no part at all") {
        header.parts = 0;
        CHECK_FALSE(header.sound());
    }
    SECTION("a kind that there is not") {
        for (unsigned kind = 0; kind < 256; ++kind) {
            auto bytes = written(header);
            bytes[3] = static_cast<std::byte>(kind);
            CHECK(frame_header::read(bytes.data()).sound() == (kind >= 1 && kind <= 10));
        }
    }
    SECTION("nothing but zeros, nothing but ones") {
        for (const auto fill : {std::byte{0}, std::byte{0xff}}) {
            buffer bytes;
            bytes.fill(fill);
            CHECK_FALSE(frame_header::read(bytes.data()).sound());
        }
    }
}
