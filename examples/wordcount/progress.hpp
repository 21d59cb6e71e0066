#pragma once

#include <chrono>
#include <cstdint>
#include <cstdio>
#include <string>

#include <unistd.h>

namespace wordcount {

/// A bar on standard error while the job runs, if that is a terminal.
class progress_bar {
public:
    explicit progress_bar(std::uint64_t whole) : whole_(whole), visible_(::isatty(STDERR_FILENO) == 1) {}
    progress_bar(const progress_bar&) = delete;
    progress_bar& operator=(const progress_bar&) = delete;
    ~progress_bar() {
        if (drawn_) {
            std::fputs("\r\033[K", stderr);
        }
    }

    void show(std::uint64_t done, std::uint64_t messages) {
        const auto now = clock::now();
        if (!visible_ || now - last_ < std::chrono::milliseconds(100)) {
            return;
        }
        constexpr std::uint64_t width = 40;
        const auto filled = whole_ == 0 ? width : done * width / whole_;
        const std::string bar(static_cast<std::size_t>(filled < width ? filled : width), '#');
        const auto seconds = std::chrono::duration<double>(now - start_).count();
        std::fprintf(stderr, "\r[%-40s] %3.0f %%  %.2f million messages/s ", bar.c_str(),
                     whole_ == 0 ? 100.0 : 100.0 * static_cast<double>(done) / static_cast<double>(whole_),
                     static_cast<double>(messages) / seconds / 1e6);
        last_ = now;
        drawn_ = true;
    }

private:
    using clock = std::chrono::steady_clock;
    std::uint64_t whole_;
    bool visible_;
    bool drawn_ = false;
    clock::time_point start_ = clock::now();
    clock::time_point last_ = start_;
};

}  // namespace wordcount
