#pragma once

#include <stdexcept>
#include <string>
#include <string_view>

#include "support/catch.hpp"

/// REQUIRE for the bodies of suites that are compiled for dozens of compositions. It says which condition failed, and
/// not the values: what Catch2 builds for those in each place is more code than the library under test.
#define PARLEY_REQUIRE(...)                                                    \
    do {                                                                       \
        if (!static_cast<bool>(__VA_ARGS__)) [[unlikely]] {                    \
            ::parley::conformance::end_test(__FILE__, __LINE__, #__VA_ARGS__); \
        }                                                                      \
    } while (false)

namespace parley::conformance {

[[noreturn, gnu::noinline]] inline void end_test(const char* file, int line, const char* condition) {
    FAIL(file << ":" << line << ": failed: " << condition);
    throw std::logic_error("FAIL has returned");
}

/// Says in a failure of this test which composition it was about. (INFO would be built anew in each instantiation.)
class about {
public:
    [[gnu::noinline]] explicit about(std::string_view composition)
        : message_(Catch::MessageBuilder("INFO", CATCH_INTERNAL_LINEINFO, Catch::ResultWas::Info)
                   << std::string(composition)) {
        SUCCEED();  // so that a test whose every check passed counts as one that checked
    }

private:
    Catch::ScopedMessage message_;
};

}  // namespace parley::conformance
