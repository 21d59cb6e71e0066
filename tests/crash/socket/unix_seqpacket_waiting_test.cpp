#include <parley/transport/unix_seqpacket.hpp>

namespace parley::conformance {

using transport_under_test = unix_seqpacket;

}  // namespace parley::conformance

#include "waiting.hpp"
