#pragma once

#include <chrono>
#include <cstdlib>

/// How long until something counts as hanging. No test asserts a maximum time: these limits only end what would never
/// end by itself. PARLEY_TEST_TIME_FACTOR stretches all of them on a slow machine.

namespace parley::test {

using duration = std::chrono::duration<double>;

namespace limits {
inline double number_from_environment(const char* name, double otherwise) {
    const char* given = std::getenv(name);
    const double number = given == nullptr ? 0.0 : std::strtod(given, nullptr);
    return number > 0.0 ? number : otherwise;
}
}  // namespace limits

[[nodiscard]] inline duration scaled(duration limit) {
    return limit * limits::number_from_environment("PARLEY_TEST_TIME_FACTOR", 1.0);
}

/// For one child process, and for one condition to come true.
inline constexpr duration default_limit{60.0};

/// For one TEST_CASE; the build passes the figure of tests/CMakeLists.txt.
[[nodiscard]] inline duration case_limit() {
    return duration{limits::number_from_environment("PARLEY_TEST_LIMIT", 120.0)};
}

}  // namespace parley::test
