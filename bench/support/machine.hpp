#pragma once

#include <cerrno>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <fstream>
#include <string>
#include <system_error>
#include <vector>

#include <sched.h>
#include <sys/utsname.h>

namespace bench {

/// Nanoseconds on the steady clock, which all processes of the machine share.
[[nodiscard]] inline std::uint64_t now_ns() noexcept {
    const auto since_start = std::chrono::steady_clock::now().time_since_epoch();
    return static_cast<std::uint64_t>(std::chrono::duration_cast<std::chrono::nanoseconds>(since_start).count());
}

/// Tells the processor that this is a polling loop. Once per failed look is best here: none costs a ping-pong up to a
/// quarter (the poller takes the line away from the one who is about to write it), several cost latency.
inline void pause() noexcept {
#if defined(__x86_64__) || defined(__i386__)
    __builtin_ia32_pause();
#elif defined(__aarch64__)
    asm volatile("yield");
#endif
}

/// The cores this process may run on, as it was started.
[[nodiscard]] inline const std::vector<int>& cores() {
    static const std::vector<int> available = [] {
        cpu_set_t set;
        CPU_ZERO(&set);
        std::vector<int> found;
        if (::sched_getaffinity(0, sizeof set, &set) == 0) {
            for (int core = 0; core < CPU_SETSIZE; ++core) {
                if (CPU_ISSET(static_cast<std::size_t>(core), &set)) {
                    found.push_back(core);
                }
            }
        }
        if (found.empty()) {
            found.push_back(0);
        }
        return found;
    }();
    return available;
}

/// Pins the calling process to the core of its number; more processes than cores go round.
inline void pin(std::size_t number) {
    cpu_set_t set;
    CPU_ZERO(&set);
    CPU_SET(static_cast<std::size_t>(cores()[number % cores().size()]), &set);
    if (::sched_setaffinity(0, sizeof set, &set) != 0) {
        throw std::system_error(errno, std::generic_category(), "sched_setaffinity");
    }
}

/// "Linux 6.1.0"
[[nodiscard]] inline std::string kernel_name() {
    ::utsname names{};
    return ::uname(&names) == 0 ? std::string(names.sysname) + " " + names.release : "unknown kernel";
}

[[nodiscard]] inline std::string compiler_name() {
#if defined(__clang__)
    return "clang++ " __clang_version__;
#else
    return "g++ " __VERSION__;
#endif
}

[[nodiscard]] inline std::string processor_name() {
    std::ifstream file("/proc/cpuinfo");
    for (std::string line; std::getline(file, line);) {
        if (line.rfind("model name", 0) == 0) {
            const auto colon = line.find(": ");
            return colon == std::string::npos ? line : line.substr(colon + 2);
        }
    }
    return "unknown processor";
}

}  // namespace bench
