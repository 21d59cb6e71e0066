#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace bench {

/// The shares of a distribution that are told of latencies, and what they are called in the JSON file.
struct share {
    double of_all;
    const char* name;
};
inline constexpr std::array<share, 7> told_shares{
    {{0, "min"}, {0.5, "p50"}, {0.9, "p90"}, {0.99, "p99"}, {0.999, "p99.9"}, {0.9999, "p99.99"}, {1, "max"}}};

/// One run of one series. Lies in shared memory.
struct measurement {
    double figure;                                    ///< in the unit of the series
    double seconds;                                   ///< how long the measured part took
    double whole_run = 0;                             ///< streams: messages per second over all of it
    std::array<double, told_shares.size()> spread{};  ///< latencies: at each of the told shares; 0 where not known
};

/// The value below which the given share of the samples lies; 0.5 is the median. The samples must not be empty.
[[nodiscard]] inline double quantile(std::vector<double> samples, double share) {
    const auto last = static_cast<double>(samples.size() - 1);
    const auto position = samples.begin() + static_cast<std::ptrdiff_t>(last * share + 0.5);
    std::nth_element(samples.begin(), position, samples.end());
    return *position;
}

[[nodiscard]] inline double median(const std::vector<double>& samples) { return quantile(samples, 0.5); }

/// The result of a run of which each message's latency is known. A share is told where at least one sample lies above
/// it: of 500 messages nobody knows the slowest in a thousand.
[[nodiscard]] inline measurement latencies(std::vector<double>& samples, double seconds) {
    measurement result{.figure = 0, .seconds = seconds};
    std::sort(samples.begin(), samples.end());
    const auto last = static_cast<double>(samples.size() - 1);
    for (std::size_t index = 0; index < told_shares.size(); ++index) {
        const double wanted = told_shares[index].of_all;
        if (wanted == 1 || last * (1 - wanted) >= 1) {
            result.spread[index] = samples[static_cast<std::size_t>(last * wanted + 0.5)];
        }
    }
    result.figure = result.spread[1];
    return result;
}

}  // namespace bench
