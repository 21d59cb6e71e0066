#include "conformance/compositions.hpp"

namespace parley::conformance {
using here = on<anonymous_shm>::bounded_mailboxes;
}

#include "conformance/suites/one_way.hpp"
