#include <cstdio>
#include <cstdlib>
#include <sstream>
#include <string>

#include "sums.hpp"

/// answer [HOW MANY [NAME]]: as the process NAME, tells whoever asks the sum of the numbers in the question.
int main(int argc, char** argv) {
    long left = argc > 1 ? std::atol(argv[1]) : -1;  // negative: for ever
    parley::endpoint<sums> me{argc > 2 ? argv[2] : default_name};
    for (; left != 0; --left) {
        const auto [who, question] = me.receive();  // from anybody
        std::istringstream numbers{std::string{question.as_string_view()}};
        long sum = 0;
        for (long number = 0; numbers >> number;) {
            sum += number;
        }
        std::error_code gone;  // who asked may have been killed since: then nobody needs the answer
        me.send(who, std::to_string(sum), gone);
        std::printf("answered %ld\n", sum);
        std::fflush(stdout);
    }
}
