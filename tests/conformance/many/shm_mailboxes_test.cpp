#include "conformance/compositions.hpp"
#include "conformance/suites/many.hpp"

namespace parley::conformance {

TEST_CASE("4 senders, 4 receivers, one mailbox, 1,000,000 messages, each received exactly once") {
    everything_exactly_once<on<shm>::c<>, 4, 4, 250'000>();
}

using mailboxes = mailboxes_on<shm>;
TEMPLATE_LIST_TEST_CASE("each message of 3 senders to 3 receivers is received exactly once", "", mailboxes) {
    constexpr std::size_t count = rendezvous<TestType> ? 700 : 3000;
    everything_exactly_once<TestType, 3, 3, count>();
}

TEST_CASE("100 processes come and go while messages flow, and nothing is lost") {
    nothing_lost_by_coming_and_going<on<shm>::c<>, 100, 100>();
}

TEMPLATE_LIST_TEST_CASE("processes come and go while messages flow, and nothing is lost", "", mailboxes) {
    nothing_lost_by_coming_and_going<TestType, 20, 30>();
}

}  // namespace parley::conformance
