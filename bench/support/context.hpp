#pragma once

#include "machine.hpp"
#include "suite.hpp"

#include <benchmark/benchmark.h>
#include <nlohmann/json.hpp>

#include <cstdint>
#include <string>

namespace bench {

/// The bars as JSON: report.py computes their ratios from the same list as the table of this program.
[[nodiscard]] inline std::string bars_as_json(const suite& measured) {
    auto list = nlohmann::json::array();
    for (const auto& line : measured.bars()) {
        list.push_back({{"title", line.title}, {"a", line.a}, {"b", line.b}});
    }
    return list.dump();
}

/// What the JSON file says of this run besides its figures.
inline void tell_context(const suite& measured, std::uint32_t rounds, const std::string& crossovers) {
    const std::string count = std::to_string(cores().size());
    benchmark::AddCustomContext("processor", processor_name());
    benchmark::AddCustomContext("cores", count);
    benchmark::AddCustomContext("kernel", kernel_name());
    benchmark::AddCustomContext("compiler", compiler_name());
    benchmark::AddCustomContext("pinning", "process n of a run to core n of " + count + ", round and round");
    benchmark::AddCustomContext("rounds", std::to_string(rounds) + ", slow series in some of them");
    benchmark::AddCustomContext("crossover", crossovers);
    std::string missing;
    for (const auto& peer : measured.missing()) {
        missing += (missing.empty() ? "" : "; ") + peer;
    }
    benchmark::AddCustomContext("missing", missing.empty() ? "nothing" : missing);
    benchmark::AddCustomContext("bars", bars_as_json(measured));
}

}  // namespace bench
