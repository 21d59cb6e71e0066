#pragma once

#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include <signal.h>

#include <parley/os/directory.hpp>
#include <parley/os/error.hpp>
#include <parley/os/text_file.hpp>
#include <parley/transport/signal/number.hpp>

/// A signal that signalfd(2) is to receive must be blocked in every thread of the process: a thread that does not block
/// it takes it, and what it does by default is to end the process.

namespace parley::transport::signal {

/// Blocks the signal in the calling thread, and in the threads that this one starts from now on. It stays blocked:
/// where messages may still come, nobody could tell when it were safe to stop.
inline void block(int number) noexcept {
    ::sigset_t one;
    ::sigemptyset(&one);
    ::sigaddset(&one, number);
    ::pthread_sigmask(SIG_BLOCK, &one, nullptr);
}

namespace mask_detail {

/// Whether the thread described by that file of /proc would take the signal.
[[nodiscard]] inline bool would_take(const std::string& status_file, int number) {
    constexpr std::string_view state = "\nState:\t";
    constexpr std::string_view mask = "\nSigBlk:\t";
    const auto status = os::text_of_file(status_file);
    const auto state_at = status.find(state);
    const auto mask_at = status.find(mask);
    if (state_at == std::string::npos || mask_at == std::string::npos || status[state_at + state.size()] == 'Z') {
        return false;  // it has ended, or the kernel does not tell
    }
    const auto blocked = std::strtoull(status.c_str() + mask_at + mask.size(), nullptr, 16);
    return (blocked >> (number - 1) & 1) == 0;
}

}  // namespace mask_detail

/// Blocks the signal in the calling thread. Throws `errc::bad_state` if another thread does not block it: better now
/// than that the first message ends the process.
inline void claim(int number) {
    block(number);
    os::for_each_entry("/proc/self/task", [number](std::string_view entry) {
        const auto thread = std::string(entry);
        if (mask_detail::would_take("/proc/self/task/" + thread + "/status", number)) {
            throw_error(errc::bad_state,
                        "receiving " + text_of(number) + ": thread " + thread +
                            " of this process does not block that signal, and the first message would end the process; "
                            "make the endpoint before you start threads, or block the signal before you start them "
                            "(pthread_sigmask)");
        }
    });
}

}  // namespace parley::transport::signal
