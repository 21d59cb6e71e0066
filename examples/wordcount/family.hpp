#pragma once

#include <cerrno>
#include <csignal>
#include <cstddef>
#include <exception>
#include <iostream>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

namespace wordcount {

/// One child process and what became of it.
struct child {
    std::string name;
    pid_t pid = 0;
    bool alive = true;
    int status = 0;  // of waitpid(2)

    [[nodiscard]] bool ended_well() const noexcept { return !alive && WIFEXITED(status) && WEXITSTATUS(status) == 0; }
};

/// The processes of the job. None of them outlives this object, nor this process, however it ends.
class family {
public:
    family() = default;
    family(const family&) = delete;
    family& operator=(const family&) = delete;
    ~family() {
        kill_all(SIGKILL);
        for (auto& each : children_) {
            if (each.alive) {
                ::waitpid(each.pid, &each.status, 0);
            }
        }
    }

    /// Starts a process that does `work()` and nothing else.
    template <class Work>
    void start(std::string name, Work work) {
        std::cout.flush();  // or the child would print again what waits in the buffer
        const auto parent = ::getpid();
        const auto pid = ::fork();
        if (pid < 0) {
            throw std::system_error(errno, std::generic_category(), "starting the " + name);
        }
        if (pid == 0) {
            ::_exit(run(parent, name, work));
        }
        children_.push_back({std::move(name), pid});
    }

    /// Notices which children have ended since the last time.
    void look() {
        for (auto& each : children_) {
            if (each.alive && ::waitpid(each.pid, &each.status, WNOHANG) == each.pid) {
                each.alive = false;
            }
        }
    }

    void kill_all(int signal) const noexcept {
        for (const auto& each : children_) {
            if (each.alive) {
                ::kill(each.pid, signal);
            }
        }
    }

    [[nodiscard]] bool anybody_alive() const noexcept {
        for (const auto& each : children_) {
            if (each.alive) {
                return true;
            }
        }
        return false;
    }

    [[nodiscard]] const child& operator[](std::size_t index) const { return children_.at(index); }
    [[nodiscard]] std::size_t size() const noexcept { return children_.size(); }

private:
    template <class Work>
    static int run(pid_t parent, const std::string& name, Work& work) noexcept {
        ::signal(SIGINT,
                 SIG_IGN);  // Ctrl-C reaches all processes of the terminal; the parent decides what happens then
        ::signal(SIGTERM, SIG_DFL);
        ::prctl(PR_SET_PDEATHSIG, SIGKILL);
        if (::getppid() != parent) {
            return 1;  // it went before it could be asked for
        }
        try {
            work();
            return 0;
        } catch (const std::exception& failure) {
            std::cerr << "wordcount: " << name << ": " << failure.what() << std::endl;
            return 1;
        }
    }

    std::vector<child> children_;
};

}  // namespace wordcount
