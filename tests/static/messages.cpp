#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include <parley/message/fingerprint.hpp>
#include <parley/message/wire.hpp>

// Which types can be messages, what the compiler sees inside them, and how their layout reads; one negative beside each
// positive.

namespace {

struct order {
    std::uint64_t id;
    double price;
};
struct signal {};
struct text_block {
    std::uint32_t length;
    char text[48];
    std::int16_t table[3][4];
};
struct closed {
    explicit closed(int value) : value_(value) {}
    [[nodiscard]] int value() const { return value_; }

private:
    int value_;
};
struct node {
    int value;
    node* next;
};
struct deep_node {
    std::array<std::optional<node>, 2> nodes[3];
};
struct shallow {
    std::array<std::optional<order>, 2> orders[3];
};
struct refers {
    int& other;
    int value;
};
struct refers_const {
    int value;
    const int& other;
};
struct constant {
    const int value;
};
struct calls {
    void (*function)();
};
struct member_of {
    int order::*member;
};
struct looks {
    std::span<const int> at;
};
struct base {
    int value;
};
struct derived : base {
    int more;
};
struct with_union {
    int which;
    union {
        int number;
        float fraction;
    };
};
struct bits {
    unsigned first : 3;
    unsigned second : 5;
};
struct incomplete;
struct person {
    std::string name;
};
struct half {
    std::string name;
};
struct handle {
    void* address;
};
struct nothing {
    std::string name;
};
struct named_order {
    std::uint64_t id;
    double price;
    static constexpr std::string_view parley_name = "order, version 2";
};
enum class colour : std::uint8_t { red, green };

}  // namespace

template <>
struct parley::codec<person> {
    static constexpr std::size_t max_size = 64;
    static constexpr std::string_view parley_name = "person";
    static std::size_t size(const person&);
    static std::size_t encode(const person&, std::span<std::byte>);
    static std::optional<person> decode(std::span<const std::byte>);
};
template <>
struct parley::codec<half> {
    static constexpr std::size_t max_size = 64;
    static std::size_t size(const half&);
};
template <>
struct parley::codec<handle> {
    static constexpr std::size_t max_size = 8;
    static std::size_t size(const handle&);
    static std::size_t encode(const handle&, std::span<std::byte>);
    static std::optional<handle> decode(std::span<const std::byte>);
};
template <>
struct parley::codec<nothing> {
    static constexpr std::size_t max_size = 0;
    static std::size_t size(const nothing&);
    static std::size_t encode(const nothing&, std::span<std::byte>);
    static std::optional<nothing> decode(std::span<const std::byte>);
};

namespace {

using parley::bytes;
using parley::message::field_types;
using parley::message::fields_of;
using parley::message::fingerprint_of;
using parley::message::layout_of;
using parley::message::opaque;
using parley::message::sendable;
using parley::message::sends_address;
using parley::message::wire;

// What can be sent.
static_assert(sendable<int> && !sendable<const int> && !sendable<volatile int>);
static_assert(sendable<order> && !sendable<order*> && !sendable<order&> && !sendable<order&&>);
static_assert(sendable<std::array<int, 4>> && !sendable<int[4]> && !sendable<int[]>);
static_assert(sendable<signal> && !sendable<void> && !sendable<incomplete> && !sendable<void()>);
static_assert(sendable<closed> && !sendable<std::unique_ptr<int>>);
static_assert(sendable<bytes<1>> && !sendable<bytes<0>>);
static_assert(sendable<person> && !sendable<std::string> && !sendable<std::vector<int>>);
static_assert(sendable<person> && !sendable<half> && !sendable<nothing>);
static_assert(sendable<std::variant<int, order, bytes<8>, person>>);
static_assert(!sendable<std::variant<int, std::string>> && !sendable<std::variant<int, half>>);
static_assert(!sendable<std::variant<int, bytes<0>>> && !sendable<std::variant<int, node>>);
static_assert(sendable<std::variant<int, std::variant<order, signal>>>);
static_assert(!sendable<std::variant<int, std::variant<order, std::string>>>);
static_assert(sendable<std::optional<order>> && !sendable<std::optional<std::string>>);
static_assert(sendable<colour> && sendable<bits> && sendable<constant> && sendable<with_union> && sendable<derived>);

// Addresses: seen through structs, arrays and the standard's wrappers. A codec may turn one into something that
// travels.
static_assert(sends_address<node> && !sends_address<order>);
static_assert(sends_address<deep_node> && !sends_address<shallow>);
static_assert(sends_address<refers> && sends_address<refers_const> && !sends_address<constant>);
static_assert(sends_address<calls> && sends_address<member_of>);
static_assert(sends_address<std::string_view> && sends_address<looks> && sends_address<std::reference_wrapper<int>>);
static_assert(sends_address<std::optional<int*>> && !sends_address<std::optional<int>>);
static_assert(sends_address<std::variant<int, node>> && !sends_address<std::variant<int, order>>);
static_assert(sendable<handle> && !sendable<node>);

// Fields.
static_assert(std::is_same_v<fields_of<order>, field_types<std::uint64_t, double>>);
static_assert(std::is_same_v<fields_of<text_block>, field_types<std::uint32_t, char[48], std::int16_t[3][4]>>);
static_assert(std::is_same_v<fields_of<signal>, field_types<>>);
static_assert(std::is_same_v<fields_of<bits>, field_types<unsigned, unsigned>>);
static_assert(std::is_same_v<fields_of<refers_const>, field_types<int, const int&>>);
static_assert(std::is_same_v<fields_of<closed>, opaque>);
static_assert(std::is_same_v<fields_of<int>, opaque>);
static_assert(std::is_same_v<fields_of<derived>, opaque>);
static_assert(std::is_same_v<fields_of<with_union>, opaque>);
static_assert(std::is_same_v<fields_of<refers>, opaque>);
static_assert(std::is_same_v<fields_of<std::array<int, 2>>, opaque>);

struct fields_32 {
    int a1, a2, a3, a4, a5, a6, a7, a8, b1, b2, b3, b4, b5, b6, b7, b8;
    int c1, c2, c3, c4, c5, c6, c7, c8, d1, d2, d3, d4, d5, d6, d7, d8;
};
struct fields_33 {
    int a1, a2, a3, a4, a5, a6, a7, a8, b1, b2, b3, b4, b5, b6, b7, b8;
    int c1, c2, c3, c4, c5, c6, c7, c8, d1, d2, d3, d4, d5, d6, d7, d8, e1;
};
static_assert(fields_of<fields_32>::visible && !fields_of<fields_33>::visible);
static_assert(sendable<fields_32> && sendable<fields_33>);

// Layouts, as every compiler must spell them.
static_assert(layout_of<order>.view() == "16 bytes, alignment 8 {u64, f64}");
static_assert(layout_of<text_block>.view() == "76 bytes, alignment 4 {u32, char[48], i16[3][4]}");
static_assert(layout_of<shallow>.view() == "144 bytes, alignment 8 {(24 bytes, alignment 8)[3][2]}");
static_assert(layout_of<named_order>.view() == "order, version 2 16 bytes, alignment 8 {u64, f64}");
static_assert(layout_of<signal>.view() == "1 bytes, alignment 1 {}");
static_assert(layout_of<closed>.view() == "4 bytes, alignment 4");
static_assert(layout_of<constant>.view() == "4 bytes, alignment 4 {i32}");
static_assert(layout_of<colour>.view() == "1 bytes, alignment 1 enum u8");
static_assert(layout_of<std::array<std::byte, 3>>.view() == "3 bytes, alignment 1 byte[3]");
static_assert(layout_of<bytes<1500>>.view() == "bytes<1500>");
static_assert(layout_of<person>.view() == "person codec, at most 64 bytes");
static_assert(layout_of<std::variant<int, bytes<8>>>.view() == "variant<4 bytes, alignment 4 i32 | bytes<8>>");

struct order_reversed {
    double price;
    std::uint64_t id;
};
struct order_signed {
    std::int64_t id;
    double price;
};
struct order_renamed {
    std::uint64_t number;
    double amount;
};
static_assert(fingerprint_of<order> != fingerprint_of<order_reversed>);
static_assert(fingerprint_of<order> != fingerprint_of<order_signed>);
static_assert(fingerprint_of<order> != fingerprint_of<named_order>);
static_assert(fingerprint_of<order> == fingerprint_of<order_renamed>);

// FNV-1a over the version's four bytes and then the text; the same number from every compiler, for ever.
static_assert(parley::os::layout_version == 8);
static_assert(parley::message::fingerprint("") == 0x4cfad6c24f7bf87d);

// Slots.
static_assert(wire<order>::capacity == sizeof(order) && wire<order>::alignment == alignof(order));
static_assert(wire<order>::fixed_size && !wire<bytes<8>>::fixed_size);
static_assert(wire<order>::in_place && wire<bytes<8>>::in_place && !wire<person>::in_place);
static_assert(wire<order>::always_valid && !wire<bytes<8>>::always_valid);
static_assert(wire<bytes<8>>::capacity == 16 && wire<bytes<9>>::capacity == 24);
static_assert(wire<std::variant<char, bytes<8>>>::capacity == 24);
static_assert(wire<std::variant<char, short>>::capacity == 8 && wire<std::variant<char, short>>::alignment == 4);

}  // namespace
