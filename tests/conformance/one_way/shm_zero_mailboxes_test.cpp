#include "conformance/compositions.hpp"

namespace parley::conformance {
using here = on<shm>::zero_mailboxes;
}

#include "conformance/suites/one_way.hpp"
