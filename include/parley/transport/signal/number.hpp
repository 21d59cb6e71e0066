#pragma once

#include <charconv>
#include <optional>
#include <string>
#include <string_view>

#include <signal.h>

/// Which signal: real-time signals have no names of their own, but numbers from SIGRTMIN to SIGRTMAX (signal(7)).

namespace parley::transport::signal {

/// The signal of all direct links, in every process. A program that uses it for something else cannot use both.
[[nodiscard]] inline int number_of_links() noexcept { return SIGRTMIN + 5; }

[[nodiscard]] inline bool is_real_time(int number) noexcept { return number >= SIGRTMIN && number <= SIGRTMAX; }

/// As kill(1) writes it: "SIGRTMIN+5".
[[nodiscard]] inline std::string text_of(int number) {
    return "SIGRTMIN" + (number == SIGRTMIN ? std::string{} : "+" + std::to_string(number - SIGRTMIN));
}

/// A number without a sign, and nothing else.
[[nodiscard]] inline std::optional<int> parse_count(std::string_view text) noexcept {
    int value = 0;
    const auto [end, failed] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (failed != std::errc{} || end != text.data() + text.size() || value < 0) {
        return std::nullopt;
    }
    return value;
}

/// The real-time signal called "SIGRTMIN+5", "RTMIN+5", "SIGRTMAX-2" or "39"; none for any other text.
[[nodiscard]] inline std::optional<int> parse_number(std::string_view text) noexcept {
    std::optional<int> number;
    if (text.substr(0, 3) == "SIG") {
        text.remove_prefix(3);
    }
    const auto rest = text.substr(text.size() < 5 ? 0 : 5);
    const auto beyond = [&rest](char sign) -> std::optional<int> {
        if (rest.empty()) {
            return 0;
        }
        return rest.front() == sign ? parse_count(rest.substr(1)) : std::nullopt;
    };
    if (text.substr(0, 5) == "RTMIN") {
        if (const auto steps = beyond('+'); steps && *steps <= SIGRTMAX - SIGRTMIN) {
            number = SIGRTMIN + *steps;
        }
    } else if (text.substr(0, 5) == "RTMAX") {
        if (const auto steps = beyond('-'); steps && *steps <= SIGRTMAX - SIGRTMIN) {
            number = SIGRTMAX - *steps;
        }
    } else {
        number = parse_count(text);
    }
    return number && is_real_time(*number) ? number : std::nullopt;
}

}  // namespace parley::transport::signal
