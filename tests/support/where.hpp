#pragma once

#include <array>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <fstream>
#include <iterator>
#include <string>

#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "support/limits.hpp"

/// Says on standard error where every thread of a process stands, for a test that hangs.

namespace parley::test {

/// Whether `pid`, a child of this process, ends (and can be waited for) within `limit`.
inline bool ends_within(pid_t pid, duration limit) {
    const int process = static_cast<int>(::syscall(SYS_pidfd_open, pid, 0));
    if (process < 0) {
        return false;
    }
    ::pollfd ended{.fd = process, .events = POLLIN, .revents = 0};
    const auto until = std::chrono::steady_clock::now() + limit;
    int ready = 0;
    do {
        const duration left = until - std::chrono::steady_clock::now();
        ready = ::poll(&ended, 1, left.count() > 0.0 ? static_cast<int>(left.count() * 1000.0) + 1 : 0);
    } while (ready < 0 && errno == EINTR);
    ::close(process);
    return ready > 0;
}

/// The letter that ps(1) shows, such as 'T' for stopped and 'Z' for ended but not waited for; 0 if there is no such
/// process.
[[nodiscard]] inline char state_of(pid_t pid) {
    std::ifstream in{"/proc/" + std::to_string(pid) + "/stat"};
    const std::string stat{std::istreambuf_iterator<char>{in}, {}};
    const auto name_end = stat.rfind(") ");
    return name_end == std::string::npos ? '\0' : stat[name_end + 2];
}

namespace where {

/// Runs gdb on `pid`; false if there is none.
inline bool ask_gdb(pid_t pid) {
    std::string number = std::to_string(pid);
    std::array<const char*, 12> arguments{"gdb",          "-nx",
                                          "-q",           "-p",
                                          number.c_str(), "-batch",
                                          "-iex",         "set debuginfod enabled off",
                                          "-ex",          "thread apply all bt 40",
                                          nullptr};
    posix_spawn_file_actions_t files;
    posix_spawn_file_actions_init(&files);
    posix_spawn_file_actions_addopen(&files, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
    posix_spawn_file_actions_adddup2(&files, STDERR_FILENO, STDOUT_FILENO);
    // The watchdog's thread has all signals blocked, and gdb needs its own.
    posix_spawnattr_t attributes;
    posix_spawnattr_init(&attributes);
    sigset_t none;
    sigemptyset(&none);
    posix_spawnattr_setsigmask(&attributes, &none);
    posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK);
    pid_t gdb = 0;
    const int failed =
        ::posix_spawnp(&gdb, "gdb", &files, &attributes, const_cast<char* const*>(arguments.data()), environ);
    posix_spawnattr_destroy(&attributes);
    posix_spawn_file_actions_destroy(&files);
    if (failed != 0) {
        return false;
    }
    if (!ends_within(gdb, scaled(duration{40.0}))) {
        ::kill(gdb, SIGKILL);
    }
    int status = 0;
    ::waitpid(gdb, &status, 0);
    return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

/// What the kernel tells of each thread, without a debugger.
inline void ask_kernel(pid_t pid) {
    for (const char* file : {"status", "wchan", "syscall"}) {
        std::ifstream in{"/proc/" + std::to_string(pid) + "/" + file};
        std::string line;
        for (int lines = 0; lines < 3 && std::getline(in, line); ++lines) {
            std::fprintf(stderr, "  %s: %s\n", file, line.c_str());
        }
    }
}

}  // namespace where

inline void say_where(pid_t pid) {
    if (!where::ask_gdb(pid)) {
        std::fprintf(stderr, "no backtrace: gdb is missing or may not attach; what the kernel says of %d:\n", pid);
        where::ask_kernel(pid);
    }
    std::fflush(stderr);
}

}  // namespace parley::test
