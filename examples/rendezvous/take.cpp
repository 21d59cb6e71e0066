#include <cstdio>

#include "handshake.hpp"

int main(int argc, char** argv) {
    const char* name = argc > 1 ? argv[1] : default_name;
    {
        parley::receiver<handshake> in{name};
        for (int number = 0; number < 3;) {
            number = in.receive();
            std::printf("took %d\n", number);
        }
    }
    handshake::remove(name);
}
