// The rest of the program: a child sends, its parent receives.

#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <string>
#include <system_error>

#include "numbers.hpp"

#ifdef __cpp_exceptions
#error "this source is meant to be compiled with -fno-exceptions"
#endif

constexpr int how_many = 100;

int main() {
    const std::string name = "parley-no-exceptions-" + std::to_string(::getpid());
    std::error_code code;

    const pid_t child = ::fork();
    if (child == 0) {
        number_sender out(name.c_str(), code);
        for (int number = 1; number <= how_many && !code; ++number) {
            out.send(number, code);
        }
        ::_exit(code ? 1 : 0);
    }
    int sum = 0;
    {
        number_receiver in(name.c_str(), code);
        for (int left = how_many; left > 0 && !code; --left) {
            sum += in.receive(code);
        }
    }
    if (code) {
        std::printf("receiving: %s\n", code.message().c_str());
    }
    int status = 1;
    ::waitpid(child, &status, 0);

    // What cannot be opened is told by a code too.
    std::error_code refused;
    const number_sender nowhere("no/such/name", refused);
    if (!refused) {
        std::printf("a name with a slash was accepted\n");
    }
    remove_numbers(name.c_str(), code);

    std::printf("the numbers of another process add up to %d\n", sum);
    return status == 0 && refused && sum == how_many * (how_many + 1) / 2 ? 0 : 1;
}
