#pragma once

#include <atomic>
#include <chrono>
#include <string>
#include <string_view>

#include <unistd.h>

namespace parley::test {

/// A name for a channel that no other test uses, now or as a leftover of a run that was killed.
[[nodiscard]] inline std::string unique_name(std::string_view prefix) {
    static std::atomic<unsigned> next{0};
    const auto now = std::chrono::system_clock::now().time_since_epoch() / std::chrono::microseconds{1};
    return std::string{prefix} + "-" + std::to_string(::getpid()) + "-" + std::to_string(now) + "-" +
           std::to_string(next.fetch_add(1, std::memory_order_relaxed));
}

}  // namespace parley::test
