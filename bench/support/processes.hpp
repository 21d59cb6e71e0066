#pragma once

#include "machine.hpp"

#include <atomic>
#include <cerrno>
#include <csignal>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <exception>
#include <stdexcept>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

#include <sched.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

namespace bench {

/// Where all processes of a run meet before the first message. Lives in shared memory.
class start_line {
public:
    void wait_for(std::uint32_t parties) noexcept {
        arrived_.fetch_add(1, std::memory_order_acq_rel);
        while (arrived_.load(std::memory_order_acquire) < parties) {
            ::sched_yield();
        }
    }

private:
    std::atomic<std::uint32_t> arrived_{0};
};

/// The processes of one run, each pinned to the core of its number. What still lives when the group goes is killed.
class process_group {
public:
    /// A process that takes longer than this hangs, and is ended by its own alarm.
    static constexpr unsigned watchdog_seconds = 60;

    process_group() = default;
    process_group(const process_group&) = delete;
    process_group& operator=(const process_group&) = delete;
    ~process_group() {
        for (const auto& each : processes_) {
            if (each.id > 0) {
                ::kill(each.id, SIGKILL);
                ::waitpid(each.id, nullptr, 0);
            }
        }
    }

    /// Forks a process that runs `body` and ends; returns its number in the group.
    template <class Body>
    std::size_t start(std::string role, Body&& body) {
        const std::size_t number = processes_.size();
        std::fflush(nullptr);
        const ::pid_t parent = ::getpid();
        const ::pid_t id = ::fork();
        if (id < 0) {
            throw std::system_error(errno, std::generic_category(), "fork");
        }
        if (id == 0) {
            ::prctl(PR_SET_PDEATHSIG, SIGKILL);
            if (::getppid() != parent) {
                ::_exit(1);
            }
            ::alarm(watchdog_seconds);
            ::_exit(run(role, number, std::forward<Body>(body)));
        }
        processes_.push_back({id, std::move(role)});
        return number;
    }

    [[nodiscard]] ::pid_t id(std::size_t number) const { return processes_.at(number).id; }

    void join(std::size_t number) {
        auto& joined = processes_.at(number);
        int status = 0;
        while (::waitpid(joined.id, &status, 0) < 0) {
            if (errno != EINTR) {
                throw std::system_error(errno, std::generic_category(), "waitpid");
            }
        }
        joined.id = 0;
        if (WIFSIGNALED(status) && WTERMSIG(status) == SIGALRM) {
            throw std::runtime_error(joined.role + " hung for " + std::to_string(watchdog_seconds) + " s");
        }
        if (WIFSIGNALED(status)) {
            throw std::runtime_error(joined.role + " was ended by signal " + std::to_string(WTERMSIG(status)));
        }
        if (WEXITSTATUS(status) != 0) {
            throw std::runtime_error(joined.role + " failed");
        }
    }

    void join_all() {
        for (std::size_t number = 0; number < processes_.size(); ++number) {
            if (processes_[number].id > 0) {
                join(number);
            }
        }
    }

private:
    struct process {
        ::pid_t id;
        std::string role;
    };

    template <class Body>
    static int run(const std::string& role, std::size_t number, Body&& body) noexcept {
        try {
            pin(number);
            std::forward<Body>(body)();
            return 0;
        } catch (const std::exception& failure) {
            std::fprintf(stderr, "\n%s: %s\n", role.c_str(), failure.what());
        } catch (...) {
            std::fprintf(stderr, "\n%s: unknown exception\n", role.c_str());
        }
        return 1;
    }

    std::vector<process> processes_;
};

}  // namespace bench
