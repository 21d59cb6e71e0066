#pragma once

#include "../support/measurement.hpp"
#include "../support/program.hpp"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <sstream>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

namespace bench::peers {

/// A library of another language: a program that plays both sides, each in a process of its own that lives for the
/// whole run, so that what it compiles as it runs is compiled when it counts. It is started as `command left` and
/// `command right`, says "ready", and then takes lines:
///
///     latency BYTES MESSAGES     ping-pong; left answers with the latencies at the told shares, then the seconds
///     stream BYTES MESSAGES      from left to right; right answers with messages per second, paced as `stream`
///                                is, those of the whole run, and the seconds
///
/// Who has nothing to tell answers "ok". Both check every message.
class program_pair {
public:
    /// `daemon` is what must run beside both, if anything; it says "ready" too.
    explicit program_pair(std::vector<std::string> command, std::vector<std::string> daemon = {})
        : command_(std::move(command)), daemon_command_(std::move(daemon)) {}

    [[nodiscard]] measurement latency(std::size_t bytes, std::uint64_t messages) {
        std::istringstream told(ask("latency", bytes, messages).first);
        measurement result{.figure = 0, .seconds = 0};
        for (double& share : result.spread) {
            told >> share;
        }
        told >> result.seconds;
        check(told);
        result.figure = result.spread[1];
        return result;
    }

    [[nodiscard]] measurement stream(std::size_t bytes, std::uint64_t messages) {
        std::istringstream told(ask("stream", bytes, messages).second);
        measurement result{.figure = 0, .seconds = 0};
        told >> result.figure >> result.whole_run >> result.seconds;
        check(told);
        return result;
    }

private:
    static void check(const std::istringstream& told) {
        if (!told) {
            throw std::runtime_error("an answer that is none: " + told.str());
        }
    }

    /// What left and right answer.
    std::pair<std::string, std::string> ask(const std::string& what, std::size_t bytes, std::uint64_t messages) {
        start();
        for_all([](const program& each) { each.go_on(); });
        const std::string question = what + " " + std::to_string(bytes) + " " + std::to_string(messages);
        right_->tell(question);
        left_->tell(question);
        auto left = left_->answer();
        auto right = right_->answer();
        for_all([](const program& each) { each.stop(); });
        return {std::move(left), std::move(right)};
    }

    void start() {
        if (left_) {
            return;
        }
        if (!daemon_command_.empty()) {
            started(daemon_, daemon_command_, "", 0);
        }
        started(left_, command_, "left", 0);
        started(right_, command_, "right", 1);
    }

    static void started(std::optional<program>& one, std::vector<std::string> command, const std::string& role,
                        std::size_t core) {
        if (!role.empty()) {
            command.push_back(role);
        }
        one.emplace(command, core);
        if (const auto said = one->answer(); said != "ready") {
            throw std::runtime_error(command.front() + " said: " + said);
        }
    }

    template <class Visitor>
    void for_all(Visitor visit) {
        for (auto* one : {&daemon_, &left_, &right_}) {
            if (*one) {
                visit(**one);
            }
        }
    }

    std::vector<std::string> command_;
    std::vector<std::string> daemon_command_;
    std::optional<program> daemon_;  // goes last
    std::optional<program> right_;
    std::optional<program> left_;
};

}  // namespace bench::peers
