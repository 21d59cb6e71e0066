#pragma once

#include <cerrno>
#include <chrono>
#include <ctime>
#include <span>

#include <poll.h>

#include <parley/os/clock.hpp>

/// Asking a descriptor whether it is ready (poll(2)), at once or within a time.

namespace parley::os {

/// Whether one of the events, an error or the end of the other side shows on one of these within `limit`. A signal
/// handler that runs meanwhile ends the wait early, with false: ask again. Descriptors below 0 are passed over.
[[nodiscard]] inline bool poll_for(std::span<::pollfd> asked, clock::duration limit) noexcept {
    const auto whole = std::chrono::duration_cast<std::chrono::seconds>(limit);
    const auto rest = std::chrono::duration_cast<std::chrono::nanoseconds>(limit - whole);
    const timespec wait{static_cast<std::time_t>(whole.count()), static_cast<long>(rest.count())};
    return ::ppoll(asked.data(), asked.size(), &wait, nullptr) > 0;
}

/// The same of one descriptor; `events` are POLLIN, POLLOUT.
[[nodiscard]] inline bool poll_for(int descriptor, short events, clock::duration limit) noexcept {
    ::pollfd asked{descriptor, events, 0};
    return poll_for(std::span(&asked, 1), limit);
}

[[nodiscard]] inline bool is_ready(int descriptor, short events) noexcept {
    return poll_for(descriptor, events, clock::duration::zero());
}

}  // namespace parley::os
