#include "conformance/compositions.hpp"

namespace parley::conformance {
using here = on<mapped_file>::unbounded_mailboxes;
}

#include "conformance/suites/one_way.hpp"
