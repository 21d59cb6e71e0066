#pragma once

#include "measurement.hpp"

#include <cstdint>
#include <functional>
#include <string>
#include <utility>
#include <vector>

namespace bench {

enum class unit { nanoseconds, messages_per_second, bytes };

/// One thing that is measured again and again, in turn with the others.
struct series {
    /// "who/what", and where it is not the usual one "/key:value": "bytes" of a message (64), "producers" and
    /// "consumers" (1 each), "queued" messages, "channels". As in "plain_mpmc/stream/producers:4". By their names
    /// report.py finds what belongs together: `who` begins with "by_hand." for system calls, with "plain_" or "bare_"
    /// for what has no names and no care for the dead, with "peer." for other libraries; one who ends in ".map" is
    /// drawn against the one who ends in ".copy".
    std::string name;
    unit measured_in;
    std::function<measurement(std::uint64_t)> run;  ///< takes how many messages or round trips
    std::uint64_t count;  ///< the first guess of that; the suite finds what takes `run_seconds`
    double run_seconds;   ///< how long a run is to take: long enough to measure, short enough that the next one still
                          ///< sees the same machine
    std::uint32_t every;  ///< it is measured in each so-manieth round, an odd number, so that it still runs both ways
    bool calibrated = false;
    std::string failure{};                ///< why it was given up; empty while all is well
    std::vector<double> samples{};        ///< one per round
    std::vector<std::uint32_t> rounds{};  ///< the round of each sample: ratios are of figures of the same round
};

/// A line of the final table: figure `a` over figure `b`, and what that must be. Where several references are named the
/// fastest counts. With none the figure itself is held against the bar.
struct bar {
    std::string title;
    std::string a;
    std::vector<std::string> b;
    enum class direction { at_most, at_least, told } wanted;  ///< `told`: a price that is what it is
    double limit;
};

/// All series in the order in which they are measured: those that are compared stand next to each other, for neighbours
/// in time see the same machine. Bars are lines of the table, series of which are missing are left out there.
class suite {
public:
    void add(std::string name, unit measured_in, std::uint64_t first_count,
             std::function<measurement(std::uint64_t)> run, double run_seconds = 0.02, std::uint32_t every = 1) {
        all_.push_back({std::move(name), measured_in, std::move(run), first_count, run_seconds, every});
    }
    void add(bar line) { bars_.push_back(std::move(line)); }

    [[nodiscard]] std::vector<series>& all() noexcept { return all_; }
    [[nodiscard]] const std::vector<series>& all() const noexcept { return all_; }
    [[nodiscard]] const std::vector<bar>& bars() const noexcept { return bars_; }

    /// A library that could not be measured, and what it would take.
    void missing(std::string peer) { missing_.push_back(std::move(peer)); }
    [[nodiscard]] const std::vector<std::string>& missing() const noexcept { return missing_; }

    [[nodiscard]] const series* find(const std::string& name) const noexcept {
        for (const auto& candidate : all_) {
            if (candidate.name == name && !candidate.samples.empty()) {
                return &candidate;
            }
        }
        return nullptr;
    }

private:
    std::vector<series> all_;
    std::vector<bar> bars_;
    std::vector<std::string> missing_;
};

}  // namespace bench
