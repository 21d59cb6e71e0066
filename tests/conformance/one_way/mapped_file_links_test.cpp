#include "conformance/compositions.hpp"

namespace parley::conformance {
using here = on<mapped_file>::links;
}

#include "conformance/suites/one_way.hpp"
