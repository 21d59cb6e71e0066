#include <parley/transport/tcp.hpp>

namespace parley::conformance {

using transport_under_test = tcp;

}  // namespace parley::conformance

#include "waiting.hpp"
