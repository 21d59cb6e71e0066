#include <parley/message/wire.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <limits>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>

#include "support/catch.hpp"

using parley::bytes;
using parley::message::wire;

namespace {

struct order {
    std::uint64_t id;
    double price;
};

/// Trivially copyable, and there is none without a value.
struct must_have_value {
    explicit must_have_value(int value) : value_(value) {}
    [[nodiscard]] int value() const { return value_; }

private:
    int value_;
};

struct move_only {
    move_only() = default;
    explicit move_only(int number) : value(number) {}
    move_only(const move_only&) = delete;
    move_only& operator=(const move_only&) = delete;
    move_only(move_only&&) = default;
    move_only& operator=(move_only&&) = default;
    int value = 0;
};

struct person {
    std::string name;
    std::uint8_t age = 0;
};

constexpr std::size_t guard_size = 32;
constexpr std::byte guard_value{0xa5};

/// A slot of exactly the size that `wire<T>` asks for, at the alignment it asks for, with guards on both sides.
template <class T>
struct guarded_slot {
    guarded_slot() { memory.fill(guard_value); }

    [[nodiscard]] std::byte* slot() { return memory.data() + guard_size; }

    [[nodiscard]] bool guards_untouched() const {
        for (std::size_t i = 0; i < guard_size; ++i) {
            if (memory[i] != guard_value)
                return false;
            if (memory[guard_size + wire<T>::capacity + i] != guard_value)
                return false;
        }
        return true;
    }

    alignas(32) std::array<std::byte, 2 * guard_size + wire<T>::capacity> memory;
};

template <class T>
void overwrite(std::byte* slot, T value) {
    std::memcpy(slot, &value, sizeof value);
}

}  // namespace

/// The name's length in one byte, the name, the age. Whether the length fits is for decode to find out.
template <>
struct parley::codec<person> {
    static constexpr std::size_t max_size = 12;

    static std::size_t size(const person& value) { return value.name.size() + 2; }

    static std::size_t encode(const person& value, std::span<std::byte> room) {
        room[0] = static_cast<std::byte>(value.name.size());
        std::memcpy(room.data() + 1, value.name.data(), value.name.size());
        room[value.name.size() + 1] = static_cast<std::byte>(value.age);
        return value.name.size() + 2;
    }

    static std::optional<person> decode(std::span<const std::byte> content) {
        if (content.size() < 2)
            return std::nullopt;
        const auto length = std::to_integer<std::size_t>(content[0]);
        if (length + 2 != content.size())
            return std::nullopt;
        return person{std::string{reinterpret_cast<const char*>(content.data()) + 1, length},
                      std::to_integer<std::uint8_t>(content[length + 1])};
    }
};

TEST_CASE("a trivially copyable message travels as its bytes") {
    guarded_slot<order> place;
    const order sent{.id = 7, .price = 101.5};
    CHECK(wire<order>::size(sent) == sizeof(order));
    wire<order>::write(place.slot(), sent);
    CHECK(std::memcmp(place.slot(), &sent, sizeof sent) == 0);
    CHECK(place.guards_untouched());

    order received{};
    REQUIRE(wire<order>::read(place.slot(), received));
    CHECK(received.id == 7);
    CHECK(received.price == 101.5);
    const auto again = wire<order>::read(place.slot());
    REQUIRE(again.has_value());
    CHECK(again->id == 7);
}

TEST_CASE("a message needs no default constructor and no copy") {
    guarded_slot<must_have_value> place;
    wire<must_have_value>::write(place.slot(), must_have_value{42});
    const auto received = wire<must_have_value>::read(place.slot());
    REQUIRE(received.has_value());
    CHECK(received->value() == 42);

    guarded_slot<move_only> other;
    wire<move_only>::write(other.slot(), move_only{43});
    const auto moved = wire<move_only>::read(other.slot());
    REQUIRE(moved.has_value());
    CHECK(moved->value == 43);
}

TEST_CASE("bytes travel as a length and the part in use") {
    using message = bytes<10>;
    guarded_slot<message> place;
    const message sent{"hello"};
    wire<message>::write(place.slot(), sent);
    CHECK(wire<message>::size(sent) == 8 + 5);
    CHECK(place.slot()[8 + 5] == guard_value);  // nothing after the part in use was touched

    const auto received = wire<message>::read(place.slot());
    REQUIRE(received.has_value());
    CHECK(received->as_string_view() == "hello");
    message out{"before"};
    REQUIRE(wire<message>::read(place.slot(), out));
    CHECK(out.as_string_view() == "hello");

    SECTION("empty") {
        wire<message>::write(place.slot(), message{});
        REQUIRE(wire<message>::read(place.slot()).has_value());
        CHECK(wire<message>::read(place.slot())->empty());
    }
    SECTION("full") {
        wire<message>::write(place.slot(), message{"0123456789"});
        REQUIRE(wire<message>::read(place.slot()).has_value());
        CHECK(wire<message>::read(place.slot())->as_string_view() == "0123456789");
    }
    CHECK(place.guards_untouched());
}

TEST_CASE("bytes can be written and read in the slot") {
    using message = bytes<10>;
    guarded_slot<message> place;
    const std::span<std::byte> room = wire<message>::room(place.slot());
    REQUIRE(room.size() == 10);
    std::memcpy(room.data(), "in place", 8);
    wire<message>::set_size(place.slot(), 8);

    const auto content = wire<message>::content(place.slot());
    REQUIRE(content.has_value());
    CHECK(content->data() == room.data());
    CHECK(wire<message>::read(place.slot())->as_string_view() == "in place");
    CHECK(place.guards_untouched());
}

TEST_CASE("a length that the slot cannot hold is corrupt") {
    using message = bytes<10>;
    guarded_slot<message> place;
    wire<message>::write(place.slot(), message{"hello"});

    for (const std::uint64_t length :
         {std::uint64_t{11}, std::uint64_t{16}, std::uint64_t{1} << 32, std::numeric_limits<std::uint64_t>::max()}) {
        overwrite(place.slot(), length);
        CHECK_FALSE(wire<message>::content(place.slot()).has_value());
        CHECK_FALSE(wire<message>::read(place.slot()).has_value());
        message out{"before"};
        CHECK_FALSE(wire<message>::read(place.slot(), out));
        CHECK(out.as_string_view() == "before");
    }
    overwrite(place.slot(), std::uint64_t{10});
    CHECK(wire<message>::read(place.slot()).has_value());
}

TEST_CASE("a codec's message travels as the codec wrote it") {
    guarded_slot<person> place;
    const person sent{"Ada", 36};
    CHECK(wire<person>::size(sent) == 8 + 5);
    wire<person>::write(place.slot(), sent);
    const auto received = wire<person>::read(place.slot());
    REQUIRE(received.has_value());
    CHECK(received->name == "Ada");
    CHECK(received->age == 36);
    person out;
    REQUIRE(wire<person>::read(place.slot(), out));
    CHECK(out.name == "Ada");
    CHECK(place.guards_untouched());

    SECTION("what the codec does not recognize is corrupt") {
        place.slot()[8] = std::byte{9};
        CHECK_FALSE(wire<person>::read(place.slot()).has_value());
        CHECK_FALSE(wire<person>::read(place.slot(), out));
        CHECK(out.name == "Ada");
    }
    SECTION("and so is a length beyond max_size") {
        overwrite(place.slot(), std::uint64_t{13});
        CHECK_FALSE(wire<person>::read(place.slot()).has_value());
    }
}

TEST_CASE("what is larger than a codec's max_size is refused before anything is written") {
    CHECK(wire<person>::size(person{"0123456789", 1}) == 8 + 12);
    try {
        static_cast<void>(wire<person>::size(person{"0123456789a", 1}));
        FAIL("13 bytes were accepted");
    } catch (const parley::error& failure) {
        CHECK(failure.code() == parley::errc::message_too_large);
        const std::string text = failure.what();
        CHECK(text.find("13") != std::string::npos);
        CHECK(text.find("12") != std::string::npos);
    }
}

namespace {

/// Says that it needs 4 bytes and then that it wrote 4000.
struct liar {
    std::string content;
};

}  // namespace

template <>
struct parley::codec<liar> {
    static constexpr std::size_t max_size = 8;
    static std::size_t size(const liar&) { return 4; }
    static std::size_t encode(const liar&, std::span<std::byte> room) {
        std::memset(room.data(), 'l', room.size());
        return 4000;
    }
    static std::optional<liar> decode(std::span<const std::byte> content) {
        return liar{std::string{reinterpret_cast<const char*>(content.data()), content.size()}};
    }
};

TEST_CASE("a codec that says it wrote more than there was room is not believed") {
    guarded_slot<liar> place;
    wire<liar>::write(place.slot(), liar{});
    const auto received = wire<liar>::read(place.slot());
    REQUIRE(received.has_value());
    CHECK(received->content == "llll");
    CHECK(place.guards_untouched());
}

TEST_CASE("a variant travels with the number of its alternative") {
    using message = std::variant<char, order, bytes<10>, person, std::variant<int, bytes<4>>>;
    guarded_slot<message> place;

    const auto round_trip = [&place](const message& sent) {
        REQUIRE(wire<message>::size(sent) <= wire<message>::capacity);
        wire<message>::write(place.slot(), sent);
        REQUIRE(place.guards_untouched());
        auto received = wire<message>::read(place.slot());
        REQUIRE(received.has_value());
        REQUIRE(received->index() == sent.index());
        message out;
        REQUIRE(wire<message>::read(place.slot(), out));
        REQUIRE(out.index() == sent.index());
        return std::move(*received);
    };

    CHECK(std::get<char>(round_trip('c')) == 'c');
    CHECK(std::get<order>(round_trip(order{9, 2.5})).id == 9);
    CHECK(std::get<bytes<10>>(round_trip(bytes<10>{"ten bytes!"})).as_string_view() == "ten bytes!");
    CHECK(std::get<person>(round_trip(person{"Grace", 85})).name == "Grace");
    const auto nested = round_trip(std::variant<int, bytes<4>>{bytes<4>{"deep"}});
    CHECK(std::get<bytes<4>>(std::get<4>(nested)).as_string_view() == "deep");

    SECTION("the same type twice stays the alternative it was") {
        using twice = std::variant<int, int>;
        guarded_slot<twice> other;
        wire<twice>::write(other.slot(), twice{std::in_place_index<1>, 5});
        REQUIRE(wire<twice>::read(other.slot()).has_value());
        CHECK(wire<twice>::read(other.slot())->index() == 1);
    }
}

TEST_CASE("a variant with a number that has no alternative, or a corrupt alternative, is corrupt") {
    using message = std::variant<int, bytes<10>>;
    guarded_slot<message> place;
    wire<message>::write(place.slot(), bytes<10>{"content"});

    for (const std::uint32_t index : {2U, 3U, 0x80000000U, 0xffffffffU}) {
        overwrite(place.slot(), index);
        CHECK_FALSE(wire<message>::read(place.slot()).has_value());
        message out{77};
        CHECK_FALSE(wire<message>::read(place.slot(), out));
        CHECK(std::get<int>(out) == 77);
    }
    overwrite(place.slot(), 1U);
    CHECK(wire<message>::read(place.slot()).has_value());

    overwrite(place.slot() + wire<message>::body, std::uint64_t{11});
    CHECK_FALSE(wire<message>::read(place.slot()).has_value());
}

TEST_CASE("a message says whether it ends within so many bytes") {
    using text = bytes<100>;
    guarded_slot<text> place;
    wire<text>::write(place.slot(), text{"content"});
    CHECK(wire<text>::within(place.slot(), 8 + 7));
    CHECK_FALSE(wire<text>::within(place.slot(), 8 + 6));
    CHECK_FALSE(wire<text>::within(place.slot(), 7));
    overwrite(place.slot(), ~std::uint64_t{0});
    CHECK_FALSE(wire<text>::within(place.slot(), wire<text>::capacity));

    using message = std::variant<int, text>;
    constexpr auto body = wire<message>::body;
    guarded_slot<message> other;
    wire<message>::write(other.slot(), text{"content"});
    CHECK(wire<message>::within(other.slot(), body + 8 + 7));
    CHECK_FALSE(wire<message>::within(other.slot(), body + 8 + 6));
    CHECK_FALSE(wire<message>::within(other.slot(), body - 1));
    wire<message>::write(other.slot(), 5);
    CHECK(wire<message>::within(other.slot(), body + sizeof(int)));
    CHECK_FALSE(wire<message>::within(other.slot(), body + sizeof(int) - 1));
    overwrite(other.slot(), 2U);
    CHECK_FALSE(wire<message>::within(other.slot(), wire<message>::capacity));
}

TEST_CASE("a variant refuses an alternative that is too large") {
    using message = std::variant<int, person>;
    CHECK_THROWS_AS(wire<message>::size(message{person{"much too long a name", 1}}), parley::error);
    CHECK(wire<message>::size(message{5}) <= wire<message>::capacity);
}
