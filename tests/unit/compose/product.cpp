#include "static/product.hpp"

#include <cstddef>
#include <iostream>

#include "support/catch.hpp"

// The counting is done by the compiler, in tests/static/product_*.cpp, which assert these numbers; here they are told.
TEST_CASE("the full product of all axes") {
    const std::size_t in_memory = product::compile_on_shm + product::compile_on_sysv_shm +
                                  product::compile_on_mapped_file + product::compile_on_anonymous_shm;
    const std::size_t in_kernel = product::compile_on_mqueue + product::compile_on_sysv_mqueue +
                                  product::compile_on_fifo + product::compile_on_pipe + product::compile_on_rt_signal +
                                  product::compile_on_unix_stream + product::compile_on_unix_seqpacket +
                                  product::compile_on_unix_datagram + product::compile_on_tcp + product::compile_on_udp;
    const std::size_t all_in_memory = 4 * product::all_in_memory;
    const std::size_t all_in_kernel = 10 * product::all_in_kernel;
    std::cout << "in memory: " << all_in_memory << " compositions, " << in_memory << " compile, "
              << all_in_memory - in_memory << " are refused\n"
              << "in the kernel: " << all_in_kernel << " compositions, " << in_kernel << " compile, "
              << all_in_kernel - in_kernel << " are refused\n";
    const std::size_t mapped = product::mapped_on_shm + product::mapped_on_sysv_shm + product::mapped_on_mapped_file +
                               product::mapped_on_anonymous_shm + product::mapped_on_mqueue +
                               product::mapped_on_sysv_mqueue + product::mapped_on_fifo + product::mapped_on_pipe +
                               product::mapped_on_rt_signal + product::mapped_on_unix_stream +
                               product::mapped_on_unix_seqpacket + product::mapped_on_unix_datagram +
                               product::mapped_on_tcp + product::mapped_on_udp;
    const std::size_t all_mapped = 4 * product::all_mapped_in_memory + 10 * product::all_mapped_in_kernel;
    std::cout << "with map: " << all_mapped << " compositions, " << mapped << " compile, " << all_mapped - mapped
              << " are refused\n";
    CHECK(all_mapped == 7296);
    CHECK(mapped == 891);
    CHECK(all_in_memory == 10240);
    CHECK(in_memory == 4860);
    CHECK(all_in_kernel == 11520);
    CHECK(in_kernel == 1338);
}
