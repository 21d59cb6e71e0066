// The program of somebody who uses parley: a child sends, its parent receives. Every way to get the library is tried
// with it, so it names the words that it uses instead of including everything, and compiles in half the time. Nothing
// is asked in a form that throws.

#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <cstdio>
#include <string>
#include <system_error>

#include <parley/addressing/mailbox.hpp>
#include <parley/buffering/bounded.hpp>
#include <parley/channel.hpp>
#include <parley/lifetime/kernel.hpp>
#include <parley/synchronization/blocking.hpp>
#include <parley/transport/shm.hpp>
#include <parley/wait/condvar.hpp>

using numbers = parley::channel<int, parley::bounded<4>>;

constexpr int how_many = 100;

void send_all(const std::string& name, std::error_code& code) {
    parley::sender<numbers> out{name, code};
    for (int number = 1; number <= how_many && !code; ++number) {
        out.send(number, code);
    }
}

int receive_all(const std::string& name, std::error_code& code) {
    parley::receiver<numbers> in{name, code};
    int sum = 0;
    for (int left = how_many; left > 0 && !code; --left) {
        // Not for ever: should the child fail, this has to end too.
        const auto number = in.receive_for(std::chrono::seconds(30), code);
        sum += number.value_or(0);
    }
    return sum;
}

int main() {
    const std::string name = "parley-consumer-" + std::to_string(::getpid());
    std::error_code code;

    const pid_t child = ::fork();
    if (child == 0) {
        send_all(name, code);
        ::_exit(code ? 1 : 0);
    }
    const int sum = receive_all(name, code);
    if (code) {
        std::printf("receiving: %s\n", code.message().c_str());
    }
    int status = 1;
    ::waitpid(child, &status, 0);
    numbers::remove(name, code);

    std::printf("the numbers of another process add up to %d\n", sum);
    return status == 0 && sum == how_many * (how_many + 1) / 2 ? 0 : 1;
}
