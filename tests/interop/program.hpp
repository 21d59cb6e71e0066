#pragma once

#include <cerrno>
#include <csignal>
#include <cstddef>
#include <cstdlib>
#include <filesystem>
#include <initializer_list>
#include <stdexcept>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

#include <fcntl.h>
#include <unistd.h>

#include "support/process.hpp"

/// Programs that no one here wrote, and that know nothing of parley.

namespace parley::interop {

using test::unique_name;

/// A running program, with pipes to its standard input and from its standard output. Killed when this object goes.
class program {
public:
    explicit program(std::vector<std::string> words) : program(std::move(words), make_pipe(), make_pipe()) {}

    [[nodiscard]] pid_t pid() const noexcept { return process_.pid(); }
    [[nodiscard]] test::child& process() noexcept { return process_; }

    void write(std::string_view text) const {
        while (!text.empty()) {
            const auto written = ::write(input_, text.data(), text.size());
            if (written < 0) {
                throw std::system_error(errno, std::generic_category(), "writing to a program");
            }
            text.remove_prefix(static_cast<std::size_t>(written));
        }
    }
    void close_input() { ::close(std::exchange(input_, -1)); }

    /// What it says next: so many bytes, or fewer if it ends before.
    [[nodiscard]] std::string read(std::size_t size) const {
        std::string result;
        while (result.size() < size) {
            std::string part(size - result.size(), '\0');
            const auto got = ::read(output_, part.data(), part.size());
            if (got <= 0) {
                break;
            }
            result.append(part, 0, static_cast<std::size_t>(got));
        }
        return result;
    }
    [[nodiscard]] std::string read_line() const {
        std::string line;
        for (;;) {
            const auto next = read(1);
            if (next.empty() || next == "\n") {
                return line;
            }
            line += next;
        }
    }
    /// All that it says until it ends.
    [[nodiscard]] std::string read_all() const {
        std::string result;
        for (;;) {
            auto part = read(65536);
            if (part.empty()) {
                return result;
            }
            result += part;
        }
    }

    /// Closes its input, and waits for its end; whether it ended with 0.
    [[nodiscard]] bool finish() {
        if (input_ >= 0) {
            close_input();
        }
        return process_.join_ok();
    }

    program(const program&) = delete;
    program& operator=(const program&) = delete;
    ~program() {
        if (input_ >= 0) {
            ::close(input_);
        }
        ::close(output_);
    }

private:
    struct two_ends {
        int reading;
        int writing;
    };

    [[nodiscard]] static two_ends make_pipe() {
        int ends[2];
        if (::pipe2(ends, O_CLOEXEC) != 0) {
            throw std::system_error(errno, std::generic_category(), "pipe");
        }
        return {ends[0], ends[1]};
    }

    program(std::vector<std::string> words, two_ends in, two_ends out)
        : input_(in.writing), output_(out.reading), process_(words.front(), [&] {
              ::dup2(in.reading, STDIN_FILENO);
              ::dup2(out.writing, STDOUT_FILENO);
              ::signal(SIGPIPE, SIG_DFL);
              std::vector<char*> arguments;
              for (auto& word : words) {
                  arguments.push_back(word.data());
              }
              arguments.push_back(nullptr);
              ::execvp(arguments.front(), arguments.data());
              throw std::system_error(errno, std::generic_category(), "cannot run " + words.front());
          }) {
        ::close(in.reading);
        ::close(out.writing);
    }

    int input_;
    int output_;
    test::child process_;
};

/// A shell that runs `script`, with `arguments` as $1, $2, ...
[[nodiscard]] inline program shell(std::string script, std::initializer_list<std::string> arguments = {}) {
    std::vector<std::string> words{"sh", "-c", std::move(script), "sh"};
    words.insert(words.end(), arguments);
    return program{std::move(words)};
}

/// The Python that has the packages posix_ipc and sysv_ipc. Without it a test fails: what it shows is not to be left
/// out.
[[nodiscard]] inline std::string python_interpreter() {
    const char* given = std::getenv("PARLEY_PYTHON");
    std::string path = given != nullptr ? given : PARLEY_PYTHON;
    if (::access(path.c_str(), X_OK) != 0) {
        throw std::runtime_error(path +
                                 " is missing: ./dev test makes it, or by hand: python3 -m venv build/python && "
                                 "build/python/bin/pip install posix_ipc sysv_ipc; PARLEY_PYTHON names another one");
    }
    return path;
}

/// Python that runs `script`, with `arguments` as sys.argv[1], ...
[[nodiscard]] inline program python(std::string script, std::initializer_list<std::string> arguments = {}) {
    std::vector<std::string> words{python_interpreter(), "-B", "-u", "-c", std::move(script)};
    words.insert(words.end(), arguments);
    return program{std::move(words)};
}

/// A directory of this test's own.
class directory {
public:
    directory() : path_(std::filesystem::temp_directory_path() / unique_name("interop")) {
        std::filesystem::create_directory(path_);
    }
    directory(const directory&) = delete;
    directory& operator=(const directory&) = delete;
    ~directory() {
        std::error_code ignored;
        std::filesystem::remove_all(path_, ignored);
    }
    [[nodiscard]] std::string file(const std::string& name) const { return (path_ / name).string(); }

private:
    std::filesystem::path path_;
};

/// Receives until so many bytes are there; how they were divided into messages does not matter.
template <class Receiver>
[[nodiscard]] std::string receive_bytes(Receiver& in, std::size_t size) {
    std::string result;
    while (result.size() < size) {
        result += in.receive().as_string_view();
    }
    return result;
}

}  // namespace parley::interop
