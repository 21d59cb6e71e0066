#include <span>

#include "peer.hpp"

namespace versions {

std::span<const kind> kinds_of_streams() {
    static constexpr kind kinds[] = {
        {"stream", run<parley::channel<int, parley::unix_stream, parley::port, few>>},
        {"stream_direct", run<parley::channel<int, parley::unix_stream, parley::direct, few>>},
        {"packets", run<parley::channel<int, parley::unix_seqpacket, parley::port, few>>},
        {"packets_direct", run<parley::channel<int, parley::unix_seqpacket, parley::direct, few>>},
        {"stream_abstract", run<parley::channel<int, parley::unix_stream, parley::port, few>>},
        {"packets_abstract", run<parley::channel<int, parley::unix_seqpacket, parley::port, few>>},
        {"tcp", run<parley::channel<int, parley::tcp, parley::port, few>>},
        {"tcp_direct", run<parley::channel<int, parley::tcp, parley::direct, few>>},
        {"stream_pair", run_pair<parley::channel<int, parley::unix_stream, parley::port, few>>},
        {"stream_pair_direct", run_pair<parley::channel<int, parley::unix_stream, parley::direct, few>>},
        {"packets_pair", run_pair<parley::channel<int, parley::unix_seqpacket, parley::port, few>>},
        {"packets_pair_direct", run_pair<parley::channel<int, parley::unix_seqpacket, parley::direct, few>>},
    };
    return kinds;
}

}  // namespace versions
