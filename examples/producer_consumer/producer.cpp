#include <chrono>
#include <cstdio>

#include "measurements.hpp"

int main(int argc, char** argv) {
    // A mailbox is made by whoever comes first; a port by its owner, for whom this waits.
    parley::sender<measurements> out{argc > 1 ? argv[1] : default_name, {.open_within = std::chrono::seconds(30)}};
    constexpr int how_many = 10;
    for (int number = 1; number <= how_many; ++number) {
        // Waits while four are under way that nobody has received.
        out.send({.number = number, .celsius = 20.0 + 0.5 * number, .last = number == how_many});
        std::printf("sent %d\n", number);
    }
}
