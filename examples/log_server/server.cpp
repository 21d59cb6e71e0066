#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <string>

#include "log.hpp"

namespace {

volatile std::sig_atomic_t stop = 0;

}  // namespace

/// server [NAME]: prints what others log, with a number before each line, until Ctrl-C.
int main(int argc, char** argv) {
    std::signal(SIGINT, [](int) { stop = 1; });
    std::signal(SIGTERM, [](int) { stop = 1; });
    try {
        parley::receiver<log_lines> in{argc > 1 ? argv[1] : default_name};
        std::printf("listening\n");
        std::fflush(stdout);
        // A signal does not end a wait, so this one ends by itself now and then. After the signal: what is there
        // already.
        for (int number = 1;;) {
            const auto line = stop ? in.try_receive() : in.receive_for(std::chrono::milliseconds(100));
            if (line) {
                std::printf("%d %s\n", number++, std::string{line->as_string_view()}.c_str());
                std::fflush(stdout);
            } else if (stop) {
                return EXIT_SUCCESS;  // and the port goes with us
            }
        }
    } catch (const parley::error& failure) {
        std::fprintf(stderr, "server: %s\n", failure.what());
        return EXIT_FAILURE;
    }
}
