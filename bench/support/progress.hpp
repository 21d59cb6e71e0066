#pragma once

#include <benchmark/benchmark.h>

#include <cstddef>
#include <cstdio>
#include <string>
#include <vector>

#include <unistd.h>

namespace bench {

/// Shows how far the suite is: a bar on a terminal, a line per tenth elsewhere. The figures themselves come as a table
/// at the end, and one by one in the file of --benchmark_out.
class progress : public benchmark::BenchmarkReporter {
public:
    explicit progress(std::size_t runs) : runs_(runs), terminal_(::isatty(STDERR_FILENO) != 0) {}

    bool ReportContext(const Context&) override {
        show("");
        return true;
    }

    void ReportRuns(const std::vector<Run>& report) override {
        for (const auto& run : report) {
            ++done_;
            show(run.benchmark_name());
        }
    }

    void Finalize() override {
        if (terminal_) {
            std::fprintf(stderr, "\r\033[K");
        }
    }

private:
    void show(const std::string& name) {
        if (runs_ == 0) {
            return;
        }
        if (terminal_) {
            constexpr std::size_t width = 40;
            const std::size_t filled = width * done_ / runs_;
            std::fprintf(stderr, "\r\033[K[%s%s] %zu/%zu %s", std::string(filled, '#').c_str(),
                         std::string(width - filled, '.').c_str(), done_, runs_, name.c_str());
        } else if (done_ * 10 / runs_ > tenths_) {
            tenths_ = done_ * 10 / runs_;
            std::fprintf(stderr, "%zu of %zu runs done\n", done_, runs_);
        }
    }

    std::size_t runs_;
    bool terminal_;
    std::size_t done_ = 0;
    std::size_t tenths_ = 0;
};

}  // namespace bench
