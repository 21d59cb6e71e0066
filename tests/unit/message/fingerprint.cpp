#include <parley/message/fingerprint.hpp>

#include <cstdint>
#include <set>
#include <string>
#include <string_view>
#include <variant>

#include "support/catch.hpp"

using parley::message::fingerprint;
using parley::message::fingerprint_of;
using parley::message::layout_of;

namespace {

struct tick {
    std::uint64_t time;
    double price;
};
struct tick_with_float {
    std::uint64_t time;
    float price;
};
struct tick_swapped {
    double price;
    std::uint64_t time;
};
struct tick_longer {
    std::uint64_t time;
    double price;
    std::uint32_t count;
};
struct tick_signed {
    std::int64_t time;
    double price;
};
struct tick_nested {
    struct {
        std::uint64_t time;
        double price;
    } inner;
};
struct tick_array {
    std::uint64_t both[2];
};
struct tick_second {
    std::uint64_t time;
    double price;
    static constexpr std::string_view parley_name = "second";
};
struct tick_third {
    std::uint64_t time;
    double price;
    static constexpr std::string_view parley_name = "third";
};
struct alignas(16) tick_aligned {
    std::uint64_t time;
    double price;
};

}  // namespace

TEST_CASE("every change of a layout changes its fingerprint") {
    const std::set<std::uint64_t> all{fingerprint_of<tick>,
                                      fingerprint_of<tick_with_float>,
                                      fingerprint_of<tick_swapped>,
                                      fingerprint_of<tick_longer>,
                                      fingerprint_of<tick_signed>,
                                      fingerprint_of<tick_nested>,
                                      fingerprint_of<tick_array>,
                                      fingerprint_of<tick_second>,
                                      fingerprint_of<tick_third>,
                                      fingerprint_of<tick_aligned>,
                                      fingerprint_of<parley::bytes<16>>,
                                      fingerprint_of<parley::bytes<17>>,
                                      fingerprint_of<std::variant<tick, tick_swapped>>,
                                      fingerprint_of<std::variant<tick_swapped, tick>>};
    CHECK(all.size() == 14);
}

TEST_CASE("a layout reads as a person would write it") {
    CHECK(std::string{layout_of<tick_longer>} == "24 bytes, alignment 8 {u64, f64, u32}");
    CHECK(std::string{layout_of<tick_nested>} == "16 bytes, alignment 8 {{u64, f64}}");
    CHECK(std::string{layout_of<tick_second>} == "second 16 bytes, alignment 8 {u64, f64}");
    CHECK(std::string{layout_of<tick_aligned>} == "16 bytes, alignment 16 {u64, f64}");
}

TEST_CASE("a fingerprint is the same when computed while running") {
    std::string description{layout_of<tick>};
    CHECK(fingerprint(description) == fingerprint_of<tick>);
    description.back() = ')';
    CHECK(fingerprint(description) != fingerprint_of<tick>);
}
