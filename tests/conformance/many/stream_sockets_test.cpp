#include <tuple>

#include "conformance/compositions.hpp"
#include "conformance/suites/many.hpp"

/// Many senders, one port, over sockets that connect.

namespace parley::conformance {

template <class Transport>
using socket_ports =
    std::tuple<channel<item, Transport, port>, channel<item, Transport, port, bounded<1>, sync<blocking, nonblocking>>,
               channel<item, Transport, port, unbounded>, channel<item, Transport, port, bounded_by_kernel>,
               channel<item, Transport, port, zero>, channel<item, Transport, port, zero, sync<nonblocking, blocking>>>;

using over_sockets = joined<socket_ports<unix_stream>, socket_ports<unix_seqpacket>, socket_ports<tcp>>;

TEMPLATE_LIST_TEST_CASE("sockets: 4 senders, 1 port, each message received exactly once", "", over_sockets) {
    // Where each message waits for the one before to be received, fewer say as much.
    everything_exactly_once<TestType, 4, 1,
                            rendezvous<TestType> || buffering_of<TestType>::capacity == 1 ? 500 : 5000>();
}

}  // namespace parley::conformance
