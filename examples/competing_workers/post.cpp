#include <cstdio>
#include <cstdlib>

#include "tasks.hpp"

/// post [NAME [HOW MANY]]: posts tasks, and says that there will be no more.
int main(int argc, char** argv) {
    const char* name = argc > 1 ? argv[1] : default_name;
    const int how_many = argc > 2 ? std::atoi(argv[2]) : 10;
    {
        parley::sender<tasks> out{name};
        for (int task = 1; task <= how_many; ++task) {
            out.send(task);
        }
    }
    std::printf("posted %d tasks\n", how_many);
    // What is in the mailbox can still be received; after that the workers get errc::closed.
    tasks::remove(name);
}
