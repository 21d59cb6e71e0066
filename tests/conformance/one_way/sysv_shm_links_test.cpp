#include "conformance/compositions.hpp"

namespace parley::conformance {
using here = on<sysv_shm>::links;
}

#include "conformance/suites/one_way.hpp"
