#include <span>

#include "peer.hpp"

namespace versions {

std::span<const kind> kinds_of_datagrams() {
    static constexpr kind kinds[] = {
        {"datagram", run<parley::channel<int, parley::unix_datagram, parley::port, few>>},
        {"datagram_direct", run<parley::channel<int, parley::unix_datagram, parley::direct, few>>},
        {"datagram_abstract", run<parley::channel<int, parley::unix_datagram, parley::port, few>>},
        {"udp", run<parley::channel<int, parley::udp, parley::port, few>>},
        {"udp_direct", run<parley::channel<int, parley::udp, parley::direct, few>>},
        {"datagram_pair", run_pair<parley::channel<int, parley::unix_datagram, parley::port, few>>},
        {"datagram_pair_direct", run_pair<parley::channel<int, parley::unix_datagram, parley::direct, few>>},
    };
    return kinds;
}

}  // namespace versions
