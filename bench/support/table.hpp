#pragma once

#include "measurement.hpp"
#include "suite.hpp"

#include <algorithm>
#include <cstdio>
#include <string>
#include <vector>

namespace bench {

[[nodiscard]] inline std::string number(double value) {
    char text[32];
    std::snprintf(text, sizeof text, value >= 100 ? "%.0f" : value >= 10 ? "%.1f" : "%.2f", value);
    return text;
}

/// "73.5 M/s", "31.2 ns", "96 KiB".
[[nodiscard]] inline std::string figure(unit measured_in, double value) {
    switch (measured_in) {
        case unit::nanoseconds:
            return value < 10'000 ? number(value) + " ns" : number(value / 1000) + " us";
        case unit::messages_per_second:
            return value < 1e6 ? number(value / 1e3) + " k/s" : number(value / 1e6) + " M/s";
        case unit::bytes:
            return number(value / 1024) + " KiB";
    }
    return {};
}

/// "73.5 M/s (17.9 to 74.2)": the median, and the least and the most of all rounds.
[[nodiscard]] inline std::string figure_with_spread(const series& one) {
    const auto [least, most] = std::minmax_element(one.samples.begin(), one.samples.end());
    if (one.samples.size() == 1) {
        return figure(one.measured_in, one.samples.front());
    }
    return figure(one.measured_in, median(one.samples)) + " (" + figure(one.measured_in, *least) + " to " +
           figure(one.measured_in, *most) + ")";
}

/// a over b in each round that has both.
[[nodiscard]] inline std::vector<double> ratios(const series& a, const series& b) {
    std::vector<double> found;
    for (std::size_t i = 0; i < a.samples.size(); ++i) {
        const auto match = std::find(b.rounds.begin(), b.rounds.end(), a.rounds[i]);
        if (match != b.rounds.end()) {
            found.push_back(a.samples[i] / b.samples[static_cast<std::size_t>(match - b.rounds.begin())]);
        }
    }
    return found;
}

/// The fastest of the named references that were measured; null where none was.
[[nodiscard]] inline const series* fastest(const suite& measured, const std::vector<std::string>& names) {
    const series* best = nullptr;
    for (const auto& name : names) {
        const series* const one = measured.find(name);
        if (one == nullptr) {
            continue;
        }
        const bool less_is_better = one->measured_in != unit::messages_per_second;
        if (best == nullptr || (median(one->samples) < median(best->samples)) == less_is_better) {
            best = one;
        }
    }
    return best;
}

inline void print_series(const suite& measured) {
    std::printf("\n%-44s %s\n", "series", "median (least to most) of all rounds");
    for (const auto& one : measured.all()) {
        if (!one.failure.empty()) {
            std::printf("%-44s FAILED: %s\n", one.name.c_str(), one.failure.c_str());
        } else if (!one.samples.empty()) {
            std::printf("%-44s %s\n", one.name.c_str(), figure_with_spread(one).c_str());
        }
    }
}

/// ">= 0.90     met"; nothing where the value is only told.
[[nodiscard]] inline std::string verdict(const bar& line, double value, const std::string& limit) {
    if (line.wanted == bar::direction::told) {
        return {};
    }
    const bool at_most = line.wanted == bar::direction::at_most;
    const bool met = at_most ? value <= line.limit : value >= line.limit;
    char text[64];
    std::snprintf(text, sizeof text, "%s %-8s %s", at_most ? "<=" : ">=", limit.c_str(), met ? "met" : "MISSED");
    return text;
}

inline void print_bar(const suite& measured, const bar& line) {
    const series* const a = measured.find(line.a);
    const series* const b = fastest(measured, line.b);
    if (a == nullptr || (b == nullptr && !line.b.empty())) {
        std::printf("%-44s not measured: %s\n", line.title.c_str(), a == nullptr ? line.a.c_str() : line.b[0].c_str());
        return;
    }
    if (b == nullptr) {
        const double value = median(a->samples);
        std::printf("%-44s %-12s %-12s %-22s %s\n", line.title.c_str(), figure(a->measured_in, value).c_str(), "-", "-",
                    verdict(line, value, figure(a->measured_in, line.limit)).c_str());
        return;
    }
    const auto pairs = ratios(*a, *b);
    if (pairs.empty()) {
        std::printf("%-44s no round has both\n", line.title.c_str());
        return;
    }
    const double ratio = median(pairs);
    const std::string spread =
        number(ratio) + " (" + number(quantile(pairs, 0.25)) + " to " + number(quantile(pairs, 0.75)) + ")";
    std::printf("%-44s %-12s %-12s %-22s %s\n", line.title.c_str(), figure(a->measured_in, median(a->samples)).c_str(),
                figure(b->measured_in, median(b->samples)).c_str(), spread.c_str(),
                verdict(line, ratio, number(line.limit)).c_str());
}

/// The result: each bar, the two figures, the median of the ratios round by round with their middle half, and whether
/// it is met. Then what a channel costs that promises more, over one that promises less.
inline void print_bars(const suite& measured) {
    std::printf("\n%-44s %-12s %-12s %-22s %-11s\n", "bar", "parley", "reference", "ratio (middle half)", "wanted");
    for (const auto& line : measured.bars()) {
        if (line.wanted != bar::direction::told) {
            print_bar(measured, line);
        }
    }
    std::printf("\n%-44s %-12s %-12s %-22s\n", "price of", "with it", "without", "ratio (middle half)");
    for (const auto& line : measured.bars()) {
        if (line.wanted == bar::direction::told) {
            print_bar(measured, line);
        }
    }
}

}  // namespace bench
