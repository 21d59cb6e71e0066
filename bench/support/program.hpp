#pragma once

#include "machine.hpp"

#include <array>
#include <cerrno>
#include <csignal>
#include <cstddef>
#include <stdexcept>
#include <string>
#include <system_error>
#include <vector>

#include <fcntl.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

namespace bench {

/// Another program, pinned to the core of a number, that is asked by lines and answers by lines. It is stopped while
/// nobody asks, so that it costs the other series nothing. It is to end when nobody can ask any more.
class program {
public:
    static constexpr int watchdog_seconds = 60;

    program(const std::vector<std::string>& command, std::size_t core) : name_(command.front()) {
        std::array<int, 2> to{};
        std::array<int, 2> from{};
        if (::pipe2(to.data(), O_CLOEXEC) != 0 || ::pipe2(from.data(), O_CLOEXEC) != 0) {
            throw std::system_error(errno, std::generic_category(), "pipe2");
        }
        id_ = ::fork();
        if (id_ == 0) {
            ::prctl(PR_SET_PDEATHSIG, SIGKILL);
            pin(core);
            ::dup2(to[0], STDIN_FILENO);
            ::dup2(from[1], STDOUT_FILENO);
            std::vector<char*> arguments;
            for (const auto& word : command) {
                arguments.push_back(const_cast<char*>(word.c_str()));
            }
            arguments.push_back(nullptr);
            ::execvp(arguments.front(), arguments.data());
            ::_exit(127);
        }
        ::close(to[0]);
        ::close(from[1]);
        to_ = to[1];
        from_ = from[0];
        if (id_ < 0) {
            throw std::system_error(errno, std::generic_category(), "fork");
        }
    }
    program(const program&) = delete;
    program& operator=(const program&) = delete;
    ~program() {
        go_on();
        ::close(to_);
        for (int tries = 0; tries < 500; ++tries) {
            if (::waitpid(id_, nullptr, WNOHANG) != 0) {
                id_ = 0;
                break;
            }
            if (tries == 100) {
                ::kill(id_, SIGTERM);  // one that does not listen
            }
            ::usleep(10'000);
        }
        if (id_ > 0) {
            ::kill(id_, SIGKILL);
            ::waitpid(id_, nullptr, 0);
        }
        ::close(from_);
    }

    void tell(const std::string& line) const {
        const std::string text = line + "\n";
        if (::write(to_, text.data(), text.size()) != static_cast<::ssize_t>(text.size())) {
            throw std::runtime_error(name_ + " takes no question");
        }
    }

    /// The next line that it says.
    [[nodiscard]] std::string answer() {
        for (;;) {
            if (const auto end = said_.find('\n'); end != std::string::npos) {
                const std::string line = said_.substr(0, end);
                said_.erase(0, end + 1);
                return line;
            }
            ::pollfd readable{from_, POLLIN, 0};
            if (::poll(&readable, 1, watchdog_seconds * 1000) == 0) {
                throw std::runtime_error(name_ + " hung for " + std::to_string(watchdog_seconds) + " s");
            }
            std::array<char, 4096> more{};
            const auto size = ::read(from_, more.data(), more.size());
            if (size <= 0) {
                throw std::runtime_error(name_ + " ended");
            }
            said_.append(more.data(), static_cast<std::size_t>(size));
        }
    }

    void stop() const noexcept { ::kill(id_, SIGSTOP); }
    void go_on() const noexcept { ::kill(id_, SIGCONT); }

private:
    std::string name_;
    std::string said_;
    ::pid_t id_ = -1;
    int to_ = -1;
    int from_ = -1;
};

}  // namespace bench
