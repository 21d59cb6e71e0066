#include <algorithm>
#include <chrono>
#include <csignal>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <exception>
#include <iterator>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <CLI/CLI.hpp>

#include "job.hpp"
#include "texts.hpp"
#include "words.hpp"

/// Counts the words of files with several processes, and checks the result against a count by this process alone.

namespace {

using namespace wordcount;

/// The mailbox for the lines: the same program over any of them.
struct composition {
    const char* name;
    const char* meaning;
    outcome (*run)(const job&);
};

template <class... Words>
inline constexpr auto run_over = &run<parley::channel<piece, Words...>>;

constexpr composition compositions[] = {
    {"shm", "shared memory, and all other defaults", run_over<>},
    {"sysv_shm", "System V shared memory", run_over<parley::sysv_shm>},
    {"mapped_file", "a file in the temporary directory", run_over<parley::mapped_file>},
    {"futex", "who waits sleeps on a futex", run_over<parley::blocking_on<parley::futex>>},
    {"spin", "who waits never sleeps", run_over<parley::blocking_on<parley::spin>>},
    {"round_robin", "the workers take turns", run_over<parley::mailbox_by<parley::round_robin>>},
    {"exclusive", "one worker at a time, the others stand by", run_over<parley::mailbox_by<parley::exclusive>>},
    {"at_least_once", "what a killed worker held goes to another", run_over<parley::mailbox_by<parley::at_least_once>>},
    {"unbounded", "the reader never waits", run_over<parley::unbounded>},
    {"single", "one message at a time in the mailbox", run_over<parley::bounded<1>>},
    {"zero", "the reader waits for a worker with each message", run_over<parley::zero>},
    {"mqueue", "a POSIX message queue", run_over<parley::mqueue>},
    {"sysv_mqueue", "a System V message queue", run_over<parley::sysv_mqueue>},
    {"fifo", "a named pipe", run_over<parley::fifo>},
    {"unix_stream", "a Unix socket to each worker", run_over<parley::unix_stream, parley::port>},
    {"unix_datagram", "a Unix datagram socket to each worker", run_over<parley::unix_datagram, parley::port>},
};

volatile std::sig_atomic_t stop = 0;

/// The plain way, which shares no code with the workers but the definition of white space.
counts count_alone(const std::vector<std::string>& texts) {
    counts result;
    std::string word;
    for (const auto& text : texts) {
        const auto end_word = [&] {
            if (!word.empty()) {
                ++result.total.words;
                result.words.add(word);
                word.clear();
            }
        };
        for_each_block(text, [&](std::string_view block) {
            result.total.bytes += block.size();
            for (const char byte : block) {
                result.total.lines += byte == '\n' ? 1 : 0;
                if (is_space(byte)) {
                    end_word();
                } else if (word.size() < longest_key) {
                    word += byte;
                }
            }
        });
        end_word();
    }
    return result;
}

struct difference {
    std::uint64_t missing = 0;
    std::uint64_t surplus = 0;
};

difference compare(const word_table& expected, const word_table& counted) {
    difference result;
    for (const auto& [word, times] : expected) {
        const auto now = counted[word];
        result.missing += times > now ? times - now : 0;
    }
    for (const auto& [word, times] : counted) {
        const auto should = expected[word];
        result.surplus += times > should ? times - should : 0;
    }
    return result;
}

void print_top(const word_table& words, std::size_t how_many) {
    using entry = std::pair<std::uint64_t, std::string_view>;
    std::vector<entry> order;
    for (const auto& [word, times] : words) {
        order.emplace_back(times, word);
    }
    how_many = std::min(how_many, order.size());
    std::partial_sort(order.begin(), order.begin() + static_cast<std::ptrdiff_t>(how_many), order.end(),
                      [](const entry& left, const entry& right) {
                          return left.first != right.first ? left.first > right.first : left.second < right.second;
                      });
    for (const auto& [times, word] : std::span{order}.first(how_many)) {
        std::printf("%10ju  %.*s\n", std::uintmax_t{times}, static_cast<int>(word.size()), word.data());
    }
}

void print_amount(const char* what, std::uint64_t messages, std::uint64_t lines, std::uint64_t words) {
    std::printf("%s %ju messages, %ju lines, %ju words\n", what, std::uintmax_t{messages}, std::uintmax_t{lines},
                std::uintmax_t{words});
}

std::uint64_t above(std::uint64_t value, std::uint64_t floor) { return value > floor ? value - floor : 0; }

/// Says how the counts compare; whether they are what they should be.
bool judge(const outcome& result, const counts& expected) {
    for (const auto& name : result.failures) {
        std::printf("failed: the %s did not end as planned\n", name.c_str());
    }
    if (!result.killed.empty()) {
        std::printf("killed on the way: %s\n", result.killed.c_str());
    }
    const auto& total = result.counted.total;
    const auto words = compare(expected.words, result.counted.words);
    const auto sent = result.sent.value_or(0);
    if (words.missing + words.surplus == 0 && total.bytes == expected.total.bytes &&
        total.lines == expected.total.lines && total.words == expected.total.words && total.messages == sent) {
        std::printf("equal to the count by one process\n");
        return result.failures.empty();
    }
    if (!result.sent) {
        std::printf("the reader did not come to its end, so nobody knows how many messages are missing\n");
    }
    const auto lost = above(sent, total.messages);
    if (lost + words.missing > 0 || total.bytes < expected.total.bytes) {
        print_amount("lost:", lost, above(expected.total.lines, total.lines), words.missing);
    }
    if (words.surplus > 0 || total.bytes > expected.total.bytes) {
        print_amount("counted twice:", above(total.messages, sent), above(total.lines, expected.total.lines),
                     words.surplus);
    }
    // A killed worker may cost what it had not reported, or, where its messages go to others, make some count twice.
    const bool as_promised =
        !result.killed.empty() &&
        (result.may_lose ? words.surplus == 0 && lost <= pieces_per_report + pieces_per_batch : words.missing == 0);
    if (!as_promised) {
        std::printf("DIFFERENT from the count by one process\n");
    } else if (result.may_lose) {
        std::printf(
            "as expected: the channel lost at most the message in the worker's hands; the rest is what the worker had\n"
            "received and not reported yet (--composition at_least_once holds a line until it is reported)\n");
    } else {
        std::printf("as expected: a line that the worker had reported and not let go yet comes again\n");
    }
    return as_promised && result.failures.empty();
}

std::vector<std::string> choose_texts(std::vector<std::string> named) {
    if (named.empty()) {
        for (const char* root : {PARLEY_SOURCE_DIR, "/usr/share/common-licenses", "/usr/share/doc"}) {
            find_texts(root, named);
        }
    }
    if (const auto input = std::find(named.begin(), named.end(), "-"); input != named.end()) {
        *input = copy_of_standard_input();
    }
    return named;
}

template <class Call>
double seconds_of(Call call) {
    const auto start = std::chrono::steady_clock::now();
    call();
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

int count_words(const composition& chosen, std::vector<std::string> named, std::uint32_t workers, std::size_t top,
                bool kill_worker) {
    const auto texts = choose_texts(std::move(named));
    counts expected;
    const auto alone = seconds_of([&] { expected = count_alone(texts); });

    std::signal(SIGINT, [](int) { stop = 1; });
    std::signal(SIGTERM, [](int) { stop = 1; });
    const auto result = chosen.run({texts, workers, kill_worker, expected.total, stop});
    if (result.interrupted) {
        std::fprintf(stderr, "interrupted: all processes ended, all channels removed\n");
        return 130;
    }

    print_top(result.counted.words, top);
    const auto& total = result.counted.total;
    std::printf("%zu files, %ju lines, %ju words, %ju bytes\n", texts.size(), std::uintmax_t{total.lines},
                std::uintmax_t{total.words}, std::uintmax_t{total.bytes});
    std::printf("%u workers over '%s': %ju messages in %.2f s, %.2f million messages/s; one process alone: %.2f s\n",
                workers, chosen.name, std::uintmax_t{total.messages}, result.seconds,
                static_cast<double>(total.messages) / result.seconds / 1e6, alone);
    return judge(result, expected) ? 0 : 1;
}

}  // namespace

int main(int argc, char** argv) {
    CLI::App app{
        "Counts words with several processes: a reader sends lines into a mailbox, workers count them and report "
        "to a port."};
    std::vector<std::string> files;
    std::string name = compositions[0].name;
    std::uint32_t workers = 3;
    std::size_t top = 10;
    bool kill_worker = false;
    std::vector<std::string> names;
    std::string list = "Compositions:\n";
    for (const auto& each : compositions) {
        names.emplace_back(each.name);
        list += "  " + names.back() + std::string(15 - names.back().size(), ' ') + each.meaning + "\n";
    }
    app.add_option("files", files,
                   "Files with plain text, - for standard input; without any, the texts of parley's repository and "
                   "below /usr/share/common-licenses and /usr/share/doc");
    app.add_option("--workers", workers, "How many workers")->check(CLI::Range(1, 60))->capture_default_str();
    app.add_option("--composition", name, "The mailbox for the lines; see below")
        ->check(CLI::IsMember(names))
        ->capture_default_str();
    app.add_option("--top", top, "How many of the most frequent words to print")->capture_default_str();
    app.add_flag("--kill-worker", kill_worker, "Kill a worker with SIGKILL on the way (needs two or more)");
    app.footer(list);
    CLI11_PARSE(app, argc, argv);
    if (kill_worker && workers < 2) {
        std::fprintf(stderr, "wordcount: --kill-worker needs a worker that stays: --workers 2 or more\n");
        return 2;
    }
    try {
        const auto* chosen = std::find_if(std::begin(compositions), std::end(compositions),
                                          [&](const composition& each) { return each.name == name; });
        return count_words(*chosen, files, workers, top, kill_worker);
    } catch (const std::exception& failure) {
        std::fprintf(stderr, "wordcount: %s\n", failure.what());
        return 1;
    }
}
