#include "conformance/compositions.hpp"

namespace parley::conformance {
using here = on<shm>::ports;
}

#include "conformance/suites/one_way.hpp"
