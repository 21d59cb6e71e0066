#include <parley/message/bytes.hpp>

#include <array>
#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "support/catch.hpp"

using parley::bytes;

namespace {

parley::errc condition_of(const parley::error& failure) { return static_cast<parley::errc>(failure.code().value()); }

}  // namespace

TEST_CASE("bytes begin empty") {
    const bytes<8> message;
    CHECK(message.empty());
    CHECK(message.size() == 0);
    CHECK(message.as_string_view().empty());
}

TEST_CASE("bytes are made from text and from spans") {
    const bytes<8> from_literal{"hello"};
    CHECK(from_literal.as_string_view() == "hello");

    const bytes<8> from_string = std::string{"string"};
    CHECK(from_string.as_string_view() == "string");

    const std::vector<std::byte> content{std::byte{1}, std::byte{2}, std::byte{3}};
    const bytes<8> from_vector{content};
    REQUIRE(from_vector.size() == 3);
    CHECK(from_vector.data()[2] == std::byte{3});

    const std::span<const std::byte> view = from_vector;
    CHECK(view.size() == 3);
    CHECK(view.data() == from_vector.data());
}

TEST_CASE("bytes convert to a span that can be written") {
    bytes<4> message{"abc"};
    const std::span<std::byte> room = message;
    room[0] = std::byte{'x'};
    CHECK(message.as_string_view() == "xbc");
}

TEST_CASE("bytes keep zeros, and are full at exactly Max") {
    const bytes<4> message{std::string_view{"a\0b\0", 4}};
    CHECK(message.size() == 4);
    CHECK(message.as_string_view() == std::string_view{"a\0b\0", 4});
}

TEST_CASE("one byte more than Max is refused, and the content stays") {
    bytes<4> message{"abcd"};
    try {
        message.assign("abcde");
        FAIL("5 bytes were accepted");
    } catch (const parley::error& failure) {
        CHECK(condition_of(failure) == parley::errc::message_too_large);
        const std::string text = failure.what();
        CHECK(text.find("bytes<4>") != std::string::npos);
        CHECK(text.find("5 bytes") != std::string::npos);
    }
    CHECK(message.as_string_view() == "abcd");
    CHECK_THROWS_AS(bytes<4>{"abcde"}, parley::error);
    CHECK_THROWS_AS(message.resize(5), parley::error);
    CHECK(message.size() == 4);
}

TEST_CASE("a copy has the part in use, whatever the target held") {
    const bytes<64> small{"small"};
    bytes<64> target{"something longer than that"};
    target = small;
    CHECK(target.as_string_view() == "small");
    CHECK(target == small);

    const bytes<64>& self = target;
    target = self;
    CHECK(target.as_string_view() == "small");
    CHECK(target.data() != small.data());
}

TEST_CASE("bytes may be assigned from their own part") {
    bytes<16> message{"0123456789"};
    message.assign(message.as_string_view().substr(3));
    CHECK(message.as_string_view() == "3456789");
}

TEST_CASE("bytes compare as text does") {
    CHECK(bytes<8>{"abc"} == bytes<8>{"abc"});
    CHECK(bytes<8>{"abc"} != bytes<8>{"ab"});
    CHECK(bytes<8>{"abc"} < bytes<8>{"abd"});
    CHECK(bytes<8>{"ab"} < bytes<8>{"abc"});
}

TEST_CASE("resize brings bytes into use, and clear puts all out of use") {
    bytes<8> message;
    message.resize(3);
    std::size_t written = 0;
    for (std::byte& each : message) {
        each = std::byte{'z'};
        ++written;
    }
    CHECK(written == 3);
    CHECK(message.as_string_view() == "zzz");
    message.clear();
    CHECK(message.empty());
}
