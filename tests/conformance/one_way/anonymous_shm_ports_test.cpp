#include "conformance/compositions.hpp"

namespace parley::conformance {
using here = on<anonymous_shm>::ports;
}

#include "conformance/suites/one_way.hpp"
