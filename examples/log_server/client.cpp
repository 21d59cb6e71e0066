#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <iostream>
#include <string>

#include "log.hpp"

/// client [NAME [PREFIX]]: logs the lines of standard input, each after PREFIX.
int main(int argc, char** argv) {
    try {
        // A port is there when its owner is: wait a moment for a server that is just starting.
        parley::sender<log_lines> out{argc > 1 ? argv[1] : default_name, {.open_within = std::chrono::seconds(5)}};
        const std::string prefix = argc > 2 ? argv[2] : "";
        for (std::string line; std::getline(std::cin, line);) {
            out.send((prefix + line).substr(0, 500));
        }
    } catch (const parley::error& failure) {
        std::fprintf(stderr, "client: %s\n", failure.what());
        return EXIT_FAILURE;
    }
}
