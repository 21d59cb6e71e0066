#include <parley/transport/unix_stream.hpp>

namespace parley::conformance {

using transport_under_test = unix_stream;

}  // namespace parley::conformance

#include "waiting.hpp"
