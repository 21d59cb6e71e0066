#include <parley/message/text.hpp>

#include <limits>
#include <string>
#include <string_view>

#include "support/catch.hpp"

using parley::decimal;
using parley::text;

TEST_CASE("texts are put together while compiling") {
    constexpr auto built = "bounded<" + decimal<1024> + ">";
    static_assert(built.view() == "bounded<1024>");
    CHECK(std::string{built} == "bounded<1024>");
    CHECK(std::string_view{text{"a"} + text{"b"} + "c"} == "abc");
    CHECK(std::string_view{text<0>{} + "x"} == "x");
}

TEST_CASE("numbers have as many digits as they need") {
    CHECK(std::string_view{decimal<0>} == "0");
    CHECK(std::string_view{decimal<9>} == "9");
    CHECK(std::string_view{decimal<10>} == "10");
    CHECK(std::string_view{decimal<99>} == "99");
    CHECK(std::string_view{decimal<100>} == "100");
    CHECK(std::string_view{decimal<std::numeric_limits<std::size_t>::max()>} == "18446744073709551615");
}

namespace {

struct with_literal {
    static constexpr const char* name = "literal";
};
struct with_view {
    static constexpr std::string_view name = "view";
};
struct with_text {
    static constexpr auto name = text{"text"};
};
struct without_name {};

}  // namespace

TEST_CASE("a name may be any kind of string") {
    CHECK(std::string_view{parley::name_of<with_literal>} == "literal");
    CHECK(std::string_view{parley::name_of<with_view>} == "view");
    CHECK(std::string_view{parley::name_of<with_text>} == "text");
    CHECK_FALSE(parley::has_name<without_name>);
}
