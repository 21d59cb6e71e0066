#include <cstdio>

#include "measurements.hpp"

int main(int argc, char** argv) {
    const char* name = argc > 1 ? argv[1] : default_name;
    parley::receiver<measurements> in{name};
    for (bool last = false; !last;) {
        const measurement next = in.receive();  // waits until one is there
        std::printf("received %d: %.1f degrees\n", next.number, next.celsius);
        last = next.last;
    }
    // A mailbox in shared memory stays, with what is in it, until somebody removes it.
    measurements::remove(name);
}
