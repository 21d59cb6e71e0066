#pragma once

#include "session.hpp"

namespace parley::test {

/// A child does `act` and is killed where it passes that point for the `passing`th time.
template <class Act>
void die_doing(const char* where, unsigned passing, Act act) {
    INFO(where);
    child victim("victim", [&] {
        die_at({where, passing});
        act();
    });
    CHECK(victim.join() == 128 + SIGKILL);
    deaths().insert(where);
}

}  // namespace parley::test
