#include "static/product.hpp"

#include <cstddef>
#include <iostream>

#include "support/catch.hpp"

// The counting is done by the compiler, in tests/static/product_*.cpp, which assert these numbers; here they are told.
TEST_CASE("the full product of all axes") {
    const std::size_t compile = product::compile_on_shm + product::compile_on_sysv_shm +
                                product::compile_on_mapped_file + product::compile_on_anonymous_shm;
    const std::size_t all = 4 * product::all;
    std::cout << "compositions: " << all << " in all, " << compile << " compile, " << all - compile << " are refused\n";
    CHECK(all == 8192);
    CHECK(compile == 4860);
}
