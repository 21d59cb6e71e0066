// Compiled once and linked into every test program: Catch2's own main, and a watchdog for each TEST_CASE.

#if defined(PARLEY_CATCH2_IN_ONE_HEADER)
#define CATCH_CONFIG_MAIN
#define CATCH_CONFIG_NO_POSIX_SIGNALS  // a crash in a forked child is the child's, and a sanitizer reports it better
#endif
#include "support/catch.hpp"

#include <optional>
#include <string>

#include "support/limits.hpp"
#include "support/watchdog.hpp"

#if defined(PARLEY_CATCH2_IN_ONE_HEADER)
using listener_base = Catch::TestEventListenerBase;
#else
using listener_base = Catch::EventListenerBase;
#endif

namespace {

class guard_each_case : public listener_base {
public:
    using listener_base::listener_base;

    void testCaseStarting(const Catch::TestCaseInfo& info) override {
        watchdog_.emplace(info.name, parley::test::case_limit());
    }

    void testCaseEnded(const Catch::TestCaseStats&) override { watchdog_.reset(); }

private:
    std::optional<parley::test::watchdog> watchdog_;
};

}  // namespace

CATCH_REGISTER_LISTENER(guard_each_case)

#if !defined(PARLEY_CATCH2_IN_ONE_HEADER)
int main(int count, char* arguments[]) { return Catch::Session().run(count, arguments); }
#endif
