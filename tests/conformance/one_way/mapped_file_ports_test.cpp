#include "conformance/compositions.hpp"

namespace parley::conformance {
using here = on<mapped_file>::ports;
}

#include "conformance/suites/one_way.hpp"
