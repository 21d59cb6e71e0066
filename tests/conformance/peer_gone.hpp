#pragma once

#include <csignal>

#include <sys/types.h>
#include <unistd.h>

#include <parley/parley.hpp>

#include "conformance/check.hpp"
#include "conformance/venue.hpp"

namespace parley::conformance {

/// `send` waits, asleep, for what only `peer` could give. Then that is killed, or leaves in good order at step 2, and
/// `send` is told which.
template <class Send>
void goes_while_asleep(test::child& peer, bool killed, steps& step, Send send) {
    const pid_t self = ::getpid();
    test::child end{"killer", [&, victim = peer.pid()] {
                        PARLEY_CHECK_IN_CHILD(test::eventually([&] { return is_asleep(self); }));
                        if (killed) {
                            ::kill(victim, SIGKILL);
                        } else {
                            step.reach(2);
                        }
                    }};
    const auto told = thrown_by(send);
    PARLEY_REQUIRE(told == (killed ? errc::peer_died : errc::closed));
    PARLEY_REQUIRE(end.join_ok());
    PARLEY_REQUIRE((killed ? (peer.kill9(), true) : peer.join_ok()));
}

}  // namespace parley::conformance
