#include <tuple>

#include "conformance/compositions.hpp"
#include "conformance/suites/many.hpp"

namespace parley::conformance {

template <class Transport>
using some = std::tuple<typename on<Transport>::template c<bounded<3>>,                            //
                        typename on<Transport>::template c<unbounded, mailbox_by<at_least_once>>,  //
                        typename on<Transport>::template c<zero, blocking_on<futex>>,              //
                        typename on<Transport>::template c<bounded<1>, nonblocking, mailbox_by<round_robin>>>;

using on_others = joined<some<sysv_shm>, some<mapped_file>, some<anonymous_shm>>;

TEMPLATE_LIST_TEST_CASE("on each transport every message is received exactly once", "", on_others) {
    everything_exactly_once<TestType, 3, 3, rendezvous<TestType> ? 700 : 3000>();
}

TEMPLATE_LIST_TEST_CASE("on each transport processes come and go, and nothing is lost", "", on_others) {
    nothing_lost_by_coming_and_going<TestType, 20, 30>();
}

using ports = joined<ports_on<shm>, ports_on<sysv_shm>>;

TEMPLATE_LIST_TEST_CASE("a port receives every message of its senders exactly once", "", ports) {
    everything_exactly_once<TestType, 4, 1, rendezvous<TestType> ? 700 : 3000>();
}

TEMPLATE_LIST_TEST_CASE("senders of a port come and go, and nothing is lost", "", ports) {
    nothing_lost_by_coming_and_going<TestType, 20, 30>();
}

}  // namespace parley::conformance
