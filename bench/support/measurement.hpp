#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace bench {

/// One run of one series.
struct measurement {
    double figure;         ///< in the unit of the series
    double seconds;        ///< how long the measured part took
    double whole_run = 0;  ///< streams: messages per second over all of it
};

/// The value below which the given share of the samples lies; 0.5 is the median. The samples must not be empty.
[[nodiscard]] inline double quantile(std::vector<double> samples, double share) {
    const auto last = static_cast<double>(samples.size() - 1);
    const auto position = samples.begin() + static_cast<std::ptrdiff_t>(last * share + 0.5);
    std::nth_element(samples.begin(), position, samples.end());
    return *position;
}

[[nodiscard]] inline double median(const std::vector<double>& samples) { return quantile(samples, 0.5); }

}  // namespace bench
