#include <algorithm>
#include <array>
#include <cstddef>
#include <iostream>
#include <map>
#include <ostream>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <parley/parley.hpp>

#include "docs/markdown.hpp"
#include "docs/verdicts.hpp"

// Prints what goes with what and what each transport can do, as Markdown. Without an argument, the sections that the
// README has; with --all, everything: each composition of the matrix, each capability.

namespace parley::docs {
namespace {

// From the list of transports in tests/CMakeLists.txt.
using transports = compose::list<PARLEY_TRANSPORTS>;

constexpr std::array<std::string_view, 3> addressings{"direct", "port", "mailbox"};

/// A column of the small matrix: these bufferings, which compile alike but for the number.
struct shown_buffering {
    std::string_view name;
    std::vector<std::string_view> words;
};
const std::array<shown_buffering, 3> shown_bufferings{
    {{"zero", {"zero"}}, {"bounded", {"bounded<10>", "bounded<16>"}}, {"unbounded", {"unbounded"}}}};

[[nodiscard]] bool is_shown(std::string_view buffering) {
    return std::any_of(shown_bufferings.begin(), shown_bufferings.end(), [&](const shown_buffering& shown) {
        return std::find(shown.words.begin(), shown.words.end(), buffering) != shown.words.end();
    });
}

[[nodiscard]] std::string_view yes_or_no(bool value) { return value ? "✓" : "–"; }

/// Gives the rules numbers as they come up.
class footnotes {
public:
    [[nodiscard]] std::string mark(broken_rules broken) {
        std::vector<std::size_t> numbers;
        for (std::size_t rule = 0; rule < compose::length<compose::rules>; ++rule) {
            if ((broken >> rule & 1) != 0) {
                numbers.push_back(number_of(rule));
            }
        }
        std::sort(numbers.begin(), numbers.end());
        std::string result;
        for (const auto number : numbers) {
            result += (result.empty() ? "" : " ") + std::to_string(number);
        }
        return result;
    }

    [[nodiscard]] const std::vector<std::size_t>& rules() const { return rules_; }

private:
    [[nodiscard]] std::size_t number_of(std::size_t rule) {
        const auto found = std::find(rules_.begin(), rules_.end(), rule);
        const auto number = static_cast<std::size_t>(found - rules_.begin()) + 1;
        if (found == rules_.end()) {
            rules_.push_back(rule);
        }
        return number;
    }

    std::vector<std::size_t> rules_;
};

/// Several compositions in one cell: whether they compile, and by which rules not.
[[nodiscard]] std::string cell_of(const std::vector<verdict>& several, footnotes& notes) {
    broken_rules by_some = 0;
    auto by_all = ~broken_rules{0};
    bool some_compile = false;
    for (const auto& one : several) {
        some_compile = some_compile || one.compiles();
        by_some |= one.broken;
        by_all &= one.broken;
    }
    if (some_compile) {
        return by_some == 0 ? "✓" : "✓ <sup>" + notes.mark(by_some) + "</sup>";
    }
    return notes.mark(by_all != 0 ? by_all : by_some);
}

/// How many there are, how many compile, and how many each rule refuses, counting for each the first that it breaks.
struct totals {
    std::size_t all = 0;
    std::size_t compile = 0;
    std::map<std::size_t, std::size_t> refused_by;

    void count(const verdict& one) {
        ++all;
        if (one.compiles()) {
            ++compile;
        } else {
            ++refused_by[one.first_broken()];
        }
    }
    [[nodiscard]] std::size_t refused() const { return all - compile; }
};

template <class Kept>
[[nodiscard]] std::vector<verdict> only(const std::vector<verdict>& all, Kept kept) {
    std::vector<verdict> result;
    std::copy_if(all.begin(), all.end(), std::back_inserter(result), kept);
    return result;
}

template <class... Transports>
[[nodiscard]] std::vector<std::string_view> names_of_transports(compose::list<Transports...>) {
    return {std::string_view{Transports::name}...};
}

void write_matrix(std::ostream& out, const std::vector<verdict>& all) {
    cells heading{""};
    for (const auto addressing : addressings) {
        for (const auto& buffering : shown_bufferings) {
            const bool first = &buffering == shown_bufferings.data();
            heading.push_back((first ? code(addressing) + ": " : "") + std::string(buffering.name));
        }
    }
    table matrix(heading);
    footnotes notes;
    for (const auto transport : names_of_transports(transports{})) {
        cells row{code(transport)};
        for (const auto addressing : addressings) {
            for (const auto& buffering : shown_bufferings) {
                row.push_back(cell_of(only(all,
                                           [&](const verdict& one) {
                                               return one.transport == transport && one.addressing == addressing &&
                                                      std::find(buffering.words.begin(), buffering.words.end(),
                                                                one.buffering) != buffering.words.end();
                                           }),
                                      notes));
            }
        }
        matrix.add(std::move(row));
    }
    matrix.unite_equal_rows();
    out << matrix << '\n';

    totals sum;
    for (const auto& one : all) {
        if (is_shown(one.buffering)) {
            sum.count(one);
        }
    }
    out << sum.all
        << " compositions (`blocking`, `nonblocking` and the two mixtures; `bounded` with N of 10 and of 16): "
        << sum.compile << " compile, " << sum.refused()
        << " are refused. The rules of `compose/rules.hpp` that these break, each refusal counted for the first:\n\n";
    const auto names = rule_names();
    for (std::size_t number = 0; number < notes.rules().size(); ++number) {
        const auto rule = notes.rules()[number];
        out << number + 1 << ". " << readable(names[rule]) << " (" << sum.refused_by[rule] << ")\n";
    }
}

void write_all(std::ostream& out, const std::vector<verdict>& all) {
    const auto names = rule_names();
    table matrix({"transport", "addressing", "buffering", "synchronization", "compiles, or else the rules broken"});
    totals sum;
    for (const auto& one : all) {
        std::string said = one.compiles() ? "✓" : "";
        for (std::size_t rule = 0; rule < names.size(); ++rule) {
            if ((one.broken >> rule & 1) != 0) {
                said += (said.empty() ? "" : ", ") + names[rule];
            }
        }
        sum.count(one);
        matrix.add({std::string(one.transport), std::string(one.addressing), std::string(one.buffering),
                    std::string(one.synchronization), said});
    }
    out << matrix << '\n'
        << sum.all << " compositions, " << sum.compile << " compile, " << sum.refused() << " are refused:\n\n";
    table by_rule({"rule, the first that is broken", "refuses"});
    for (const auto& [rule, count] : sum.refused_by) {
        by_rule.add({names[rule], std::to_string(count)});
    }
    out << by_rule;
}

[[nodiscard]] std::string_view name_of_direction(transport::directions direction) {
    switch (direction) {
        case transport::directions::simplex:
            return "simplex";
        case transport::directions::half_duplex:
            return "half-duplex";
        case transport::directions::duplex:
            return "duplex";
    }
    return "";
}

[[nodiscard]] std::string size_text(std::size_t size) {
    return size == transport::any_size ? "any" : std::to_string(size);
}

/// Every capability with its name. One that is added to the struct is missing here, and this does not compile.
[[nodiscard]] std::vector<std::pair<std::string, std::string>> told(const transport::capabilities& of) {
    const auto& [named, per_user, pairs, survives_processes, survives_reboot, many_senders, many_receivers, takes_turns,
                 connected, passes_descriptors, keeps_boundaries, in_place, ordered, lossless, redelivers, rendezvous,
                 exact_capacity, powers_of_two, kernel_buffer, priorities, selects_by_type, crosses_machines, pollable,
                 raw, splits, headless, direction, largest_unit] = of;
    const auto said = [](bool value) { return std::string(yes_or_no(value)); };
    return {{"named", said(named)},
            {"per_user", said(per_user)},
            {"pairs", said(pairs)},
            {"survives_processes", said(survives_processes)},
            {"survives_reboot", said(survives_reboot)},
            {"many_senders", said(many_senders)},
            {"many_receivers", said(many_receivers)},
            {"takes_turns", said(takes_turns)},
            {"connected", said(connected)},
            {"passes_descriptors", said(passes_descriptors)},
            {"keeps_boundaries", said(keeps_boundaries)},
            {"in_place", said(in_place)},
            {"ordered", said(ordered)},
            {"lossless", said(lossless)},
            {"redelivers", said(redelivers)},
            {"rendezvous", said(rendezvous)},
            {"exact_capacity", said(exact_capacity)},
            {"powers_of_two", said(powers_of_two)},
            {"kernel_buffer", said(kernel_buffer)},
            {"priorities", said(priorities)},
            {"selects_by_type", said(selects_by_type)},
            {"crosses_machines", said(crosses_machines)},
            {"pollable", said(pollable)},
            {"raw", said(raw)},
            {"splits", said(splits)},
            {"headless", said(headless)},
            {"direction", std::string(name_of_direction(direction))},
            {"largest_unit", size_text(largest_unit)}};
}

struct capability_column {
    std::string heading;
    std::vector<std::pair<std::string, std::string>> capabilities;
};

/// A transport has a second column where it can do something else with `raw`.
template <class Transport>
void add_columns(std::vector<capability_column>& columns) {
    columns.push_back({code(Transport::name), told(Transport::capabilities)});
    if constexpr (requires { Transport::raw_capabilities; }) {
        columns.push_back({code(Transport::name) + " with `raw`", told(Transport::raw_capabilities)});
    }
}

template <class... Transports>
void write_all_capabilities(std::ostream& out, compose::list<Transports...>) {
    std::vector<capability_column> columns;
    (add_columns<Transports>(columns), ...);
    cells heading{"capability"};
    for (const auto& column : columns) {
        heading.push_back(column.heading);
    }
    table result(std::move(heading));
    for (std::size_t row = 0; row < columns.front().capabilities.size(); ++row) {
        cells line{columns.front().capabilities[row].first};
        for (const auto& column : columns) {
            line.push_back(column.capabilities[row].second);
        }
        result.add(std::move(line));
    }
    out << result;
}

[[nodiscard]] std::string staying(const transport::capabilities& can) {
    return can.survives_reboot ? "a reboot" : can.survives_processes ? "its processes" : "–";
}

[[nodiscard]] std::string in_one_piece(const transport::capabilities& can) {
    return size_text(can.largest_unit) + (can.largest_unit != transport::any_size && can.splits ? ", or in parts" : "");
}

/// Which addressings have a pool for messages that stay.
template <class Transport>
[[nodiscard]] std::string mapping() {
    std::string result;
    const auto add = [&](std::string_view addressing) { result += (result.empty() ? "" : ", ") + code(addressing); };
    constexpr bool by_port = composable<int, Transport, port, parley::map>;
    constexpr bool by_mailbox = composable<int, Transport, mailbox, parley::map>;
    constexpr bool by_link = composable<int, Transport, direct, parley::map> ||
                             composable<int, Transport, direct, owner_lifetime, parley::map>;
    if (by_port && by_mailbox && by_link) {
        return "✓";
    }
    if (by_port) {
        add("port");
    }
    if (by_mailbox) {
        add("mailbox");
    }
    if (by_link) {
        add("direct");
        result += Transport::capabilities.named && Transport::capabilities.connected &&
                          !Transport::capabilities.passes_descriptors
                      ? " by `pair()`"
                      : "";
    }
    return result.empty() ? "–" : result;
}

/// What a user asks before choosing.
template <class... Transports>
void write_capabilities(std::ostream& out, compose::list<Transports...>) {
    table result({"", "by name", "`pair()`", "can outlive", "other machines", "loses nothing", "`loan()`, `take()`",
                  "`map`", "`bounded_by_kernel`", "`raw`", "poll(2)", "bytes in one piece"});
    const auto add = [&](std::string_view name, const transport::capabilities& can, const std::string& maps) {
        const auto said = [](bool value) { return std::string(yes_or_no(value)); };
        result.add({code(name), said(can.named), said(can.pairs), staying(can), said(can.crosses_machines),
                    said(can.lossless), said(can.in_place), maps, said(can.kernel_buffer), said(can.raw),
                    said(can.pollable), in_one_piece(can)});
    };
    (add(Transports::name, Transports::capabilities, mapping<Transports>()), ...);
    result.unite_equal_rows();
    out << result;
}

}  // namespace
}  // namespace parley::docs

int main(int count, char** arguments) {
    using namespace parley::docs;
    const bool everything = count > 1 && std::string_view{arguments[1]} == "--all";
    const auto verdicts = verdicts_on(transports{});
    if (everything) {
        write_section(std::cout, "all compositions", [&](std::ostream& out) { write_all(out, verdicts); });
        write_section(std::cout, "all capabilities",
                      [](std::ostream& out) { write_all_capabilities(out, transports{}); });
    } else {
        write_section(std::cout, "matrix", [&](std::ostream& out) { write_matrix(out, verdicts); });
        write_section(std::cout, "capabilities", [](std::ostream& out) { write_capabilities(out, transports{}); });
    }
}
