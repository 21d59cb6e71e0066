#include <cstdio>
#include <string>

#include <unistd.h>

#include "sums.hpp"

/// ask NUMBERS [NAME]: asks the process NAME what the sum of the numbers is.
int main(int argc, char** argv) {
    if (argc < 2) {
        std::fprintf(stderr, "usage: ask NUMBERS [NAME], as in: ask \"1 2 3\"\n");
        return 2;
    }
    const std::string adder = argc > 2 ? argv[2] : default_name;
    // The adder answers to this name, so each process that asks needs its own.
    parley::endpoint<sums> me{adder + "-client-" + std::to_string(::getpid())};
    me.send(adder, argv[1]);  // waits for a process of that name, if none is there yet
    const auto answer = me.receive(adder);
    std::printf("%s -> %s\n", argv[1], std::string{answer.as_string_view()}.c_str());
}
