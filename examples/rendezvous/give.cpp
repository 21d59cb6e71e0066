#include <cstdio>

#include "handshake.hpp"

int main(int argc, char** argv) {
    parley::sender<handshake> out{argc > 1 ? argv[1] : default_name};
    if (!out.try_send(0)) {  // does not wait: goes only to a receiver that is waiting at this moment
        std::printf("nobody is waiting\n");
        std::fflush(stdout);
    }
    for (int number = 1; number <= 3; ++number) {
        out.send(number);  // returns when somebody has received it, not before
        std::printf("%d was taken\n", number);
    }
}
