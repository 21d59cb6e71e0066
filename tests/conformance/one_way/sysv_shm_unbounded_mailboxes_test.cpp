#include "conformance/compositions.hpp"

namespace parley::conformance {
using here = on<sysv_shm>::unbounded_mailboxes;
}

#include "conformance/suites/one_way.hpp"
