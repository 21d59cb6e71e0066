#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include <parley/parley.hpp>

/// What the rules say of each composition of transport, addressing, buffering and synchronization.

namespace parley::docs {

/// Which rules a composition breaks: bit `i` stands for rule `i` of the list.
using broken_rules = std::uint64_t;
static_assert(compose::length<compose::rules> <= 64);

template <class... Rules>
[[nodiscard]] constexpr broken_rules broken_by(const compose::facts& asked, compose::list<Rules...>) {
    broken_rules result = 0;
    std::size_t number = 0;
    ((result |= broken_rules{Rules::holds(asked) ? 0U : 1U} << number++), ...);
    return result;
}

template <class Rule>
[[nodiscard]] constexpr std::string_view name_in_words() {
    // "... [with Rule = parley::compose::name; ..." says g++, "... [Rule = parley::compose::name]" clang++.
    constexpr std::string_view here = __PRETTY_FUNCTION__;
    constexpr std::string_view before = "Rule = ";
    constexpr auto begin = here.find(before) + before.size();
    constexpr auto qualified = here.substr(begin, here.find_first_of(";]", begin) - begin);
    return qualified.substr(qualified.rfind(':') + 1);
}

template <class... Rules>
[[nodiscard]] std::vector<std::string> names_of(compose::list<Rules...>) {
    return {std::string(name_in_words<Rules>())...};
}

/// The names of the rules, in their order.
[[nodiscard]] inline std::vector<std::string> rule_names() { return names_of(compose::rules{}); }

/// The same with spaces, as one reads them.
[[nodiscard]] inline std::string readable(std::string name) {
    for (auto& letter : name) {
        letter = letter == '_' ? ' ' : letter;
    }
    return name;
}

/// Of one composition.
struct verdict {
    std::string_view transport;
    std::string_view addressing;
    std::string_view buffering;
    std::string_view synchronization;
    broken_rules broken;

    [[nodiscard]] bool compiles() const { return broken == 0; }
    /// Where several are broken, the one whose sentence comes first.
    [[nodiscard]] std::size_t first_broken() const { return static_cast<std::size_t>(__builtin_ctzll(broken)); }
};

/// A word and what it is called in the tables.
template <class Word>
struct column {
    using word = Word;
    std::string_view name;
};

template <class Transport>
void add_verdicts(std::vector<verdict>& all) {
    const auto add = [&](auto addressing, auto buffering, auto synchronization) {
        using composed =
            compose::composition<int, Transport, typename decltype(addressing)::word,
                                 typename decltype(buffering)::word, typename decltype(synchronization)::word>;
        all.push_back({Transport::name, addressing.name, buffering.name, synchronization.name,
                       broken_by(compose::facts_of<composed>, compose::rules{})});
    };
    const auto with_buffering = [&](auto addressing, auto buffering) {
        add(addressing, buffering, column<blocking>{"blocking"});
        add(addressing, buffering, column<nonblocking>{"nonblocking"});
        add(addressing, buffering, column<parley::sync<blocking, nonblocking>>{"sync<blocking, nonblocking>"});
        add(addressing, buffering, column<parley::sync<nonblocking, blocking>>{"sync<nonblocking, blocking>"});
    };
    const auto with_addressing = [&](auto addressing) {
        with_buffering(addressing, column<zero>{"zero"});
        with_buffering(addressing, column<bounded<10>>{"bounded<10>"});
        with_buffering(addressing, column<bounded<16>>{"bounded<16>"});
        with_buffering(addressing, column<unbounded>{"unbounded"});
        with_buffering(addressing, column<bounded_by_kernel>{"bounded_by_kernel"});
    };
    with_addressing(column<direct>{"direct"});
    with_addressing(column<port>{"port"});
    with_addressing(column<mailbox>{"mailbox"});
}

template <class... Transports>
[[nodiscard]] std::vector<verdict> verdicts_on(compose::list<Transports...>) {
    std::vector<verdict> all;
    (add_verdicts<Transports>(all), ...);
    return all;
}

}  // namespace parley::docs
