#include "conformance/compositions.hpp"

namespace parley::conformance {
using here = on<mapped_file>::zero_mailboxes;
}

#include "conformance/suites/one_way.hpp"
