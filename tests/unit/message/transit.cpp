#include <parley/message/transit.hpp>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <variant>
#include <vector>

#include <parley/message/bytes.hpp>
#include <parley/message/codec.hpp>

#include "support/catch.hpp"

using parley::bytes;
using parley::message::frame_header;
using parley::message::frame_header_size;
using parley::message::size_in_transit;
using parley::message::wire;

namespace {

struct order {
    std::uint64_t id;
    double price;
};

struct nothing {};

struct note {
    std::string text;
};

/// The message as it travels: header and body.
template <class Message>
[[nodiscard]] std::vector<std::byte> packed(const Message& message) {
    alignas(wire<Message>::alignment) std::byte slot[wire<Message>::capacity];
    const auto size = wire<Message>::size(message);
    wire<Message>::write(slot, message);
    frame_header header;
    header.length = static_cast<std::uint32_t>(size);
    std::vector<std::byte> result(frame_header_size);
    header.write(result.data());
    result.insert(result.end(), slot, slot + size);
    return result;
}

}  // namespace

template <>
struct parley::codec<note> {
    static constexpr std::size_t max_size = 20;
    static std::size_t size(const note& value) { return value.text.size(); }
    static std::size_t encode(const note& value, std::span<std::byte> room) {
        std::memcpy(room.data(), value.text.data(), room.size());
        return room.size();
    }
    static std::optional<note> decode(std::span<const std::byte> content) {
        return note{std::string{reinterpret_cast<const char*>(content.data()), content.size()}};
    }
};

TEST_CASE("alone, a message is as large as its bytes") {
    CHECK(size_in_transit<char, true> == 1);
    CHECK(size_in_transit<order, true> == sizeof(order));
    CHECK(size_in_transit<nothing, true> == 1);
    // Without the length that it has before it in memory: the kernel knows how much was sent.
    CHECK(size_in_transit<bytes<1>, true> == 1);
    CHECK(size_in_transit<bytes<4096>, true> == 4096);
}

TEST_CASE("with its header, a message is as large as in a slot, and 24 bytes") {
    CHECK(size_in_transit<char, false> == 25);
    CHECK(size_in_transit<order, false> == 24 + sizeof(order));
    CHECK(size_in_transit<bytes<1>, false> == 24 + 8 + 8);
    CHECK(size_in_transit<bytes<4096>, false> == 24 + 8 + 4096);
    CHECK(size_in_transit<note, false> == 24 + 8 + 24);
    CHECK(size_in_transit<std::variant<char, order>, false> == 24 + 8 + sizeof(order));
}

TEST_CASE("no message is larger on its way than was said") {
    CHECK(packed(order{1, 2.5}).size() == size_in_transit<order, false>);
    CHECK(packed(bytes<16>{}).size() <= size_in_transit<bytes<16>, false>);
    CHECK(packed(bytes<16>{"sixteen letters!"}).size() == size_in_transit<bytes<16>, false>);
    CHECK(packed(note{"at most twenty, sir!"}).size() <= size_in_transit<note, false>);
    using either = std::variant<char, bytes<16>, order>;
    for (const either& message : {either{'c'}, either{bytes<16>{"sixteen letters!"}}, either{order{1, 2.5}}}) {
        CHECK(packed(message).size() <= size_in_transit<either, false>);
    }
}
