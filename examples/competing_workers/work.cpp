#include <cstdio>
#include <system_error>

#include "tasks.hpp"

/// work [NAME]: does tasks until there will be no more.
int main(int argc, char** argv) {
    parley::receiver<tasks> in{argc > 1 ? argv[1] : default_name};
    std::printf("ready\n");
    std::fflush(stdout);
    std::error_code end;
    while (const auto task = in.receive(end)) {  // none at the end
        std::printf("%d squared is %d\n", *task, *task * *task);
    }
    return end == parley::errc::closed ? 0 : 1;
}
