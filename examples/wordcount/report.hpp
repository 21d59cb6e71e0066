#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>

#include <parley/message/codec.hpp>
#include <parley/os/error.hpp>

#include "words.hpp"

/// What is sent to the collector: partial counts.

namespace wordcount {

/// Counts of some of the messages, to be added to all others.
///
/// The words are packed one after another: how often (4 bytes), length (1 byte), text. A report is one message, so a
/// worker that is killed has reported a message of the reader completely or not at all.
struct report {
    static constexpr std::size_t room = 32 * 1024;
    static constexpr std::uint32_t reader = 0;  ///< the reader reports what it has sent; the workers are 1, 2, ...

    std::uint32_t from = reader;
    tally counted;
    std::string packed;

    template <class OnWord>
    void for_each_word(OnWord on_word) const {
        for (std::string_view rest = packed; !rest.empty();) {
            std::uint32_t times = 0;
            if (rest.size() < entry_header) {
                parley::throw_error(parley::errc::corrupt, "a report ends in the middle of a word");
            }
            std::memcpy(&times, rest.data(), sizeof times);
            const auto length = static_cast<unsigned char>(rest[sizeof times]);
            on_word(rest.substr(entry_header, length), times);
            rest.remove_prefix(std::min(rest.size(), entry_header + length));
        }
    }

    static constexpr std::size_t entry_header = sizeof(std::uint32_t) + 1;
};

/// Counts pieces of text into a report.
class report_builder {
public:
    explicit report_builder(std::uint32_t from) {
        report_.from = from;
        report_.packed.reserve(report::room);  // and so what `places_` looks at stays where it is
    }

    report_builder(const report_builder&) = delete;
    report_builder& operator=(const report_builder&) = delete;

    /// Whether the words of this piece fit, even if all are new and short.
    [[nodiscard]] bool has_room_for(std::string_view piece) const noexcept {
        return report_.packed.size() + piece.size() + piece.size() / 2 * report::entry_header <= report::room;
    }

    /// Counts a piece as `for_each_piece` makes them: the byte before it comes first.
    void add(std::string_view piece) {
        const auto text = piece.substr(1);
        ++report_.counted.messages;
        report_.counted.bytes += text.size();
        report_.counted.lines += text.ends_with('\n') ? 1 : 0;
        for_each_word(piece.front(), text, [this](std::string_view word) {
            ++report_.counted.words;
            add_word(word);
        });
    }

    [[nodiscard]] const report& content() const noexcept { return report_; }

    void clear() noexcept {
        places_.clear();
        report_.packed.clear();
        report_.counted = {};
    }

private:
    void add_word(std::string_view word) {
        auto& packed = report_.packed;
        if (const auto found = places_.find(word); found != places_.end()) {
            std::uint32_t times = 0;
            std::memcpy(&times, packed.data() + found->second, sizeof times);
            ++times;
            std::memcpy(packed.data() + found->second, &times, sizeof times);
            return;
        }
        const auto place = packed.size();
        constexpr std::uint32_t once = 1;
        packed.append(reinterpret_cast<const char*>(&once), sizeof once);
        packed.push_back(static_cast<char>(word.size()));
        packed.append(word);
        places_.emplace(std::string_view{packed}.substr(place + report::entry_header), place);
    }

    report report_;
    std::unordered_map<std::string_view, std::size_t> places_;
};

}  // namespace wordcount

/// How a report travels: who and how much as they are, then the packed words.
template <>
struct parley::codec<wordcount::report> {
    using report = wordcount::report;
    static constexpr std::string_view parley_name = "wordcount report, version 1";
    static constexpr std::size_t header = sizeof(report::from) + sizeof(report::counted);
    static constexpr std::size_t max_size = header + report::room;

    static std::size_t size(const report& value) { return header + value.packed.size(); }

    static std::size_t encode(const report& value, std::span<std::byte> room) {
        std::memcpy(room.data(), &value.from, sizeof value.from);
        std::memcpy(room.data() + sizeof value.from, &value.counted, sizeof value.counted);
        std::memcpy(room.data() + header, value.packed.data(), value.packed.size());
        return size(value);
    }

    static std::optional<report> decode(std::span<const std::byte> bytes) {
        if (bytes.size() < header) {
            return std::nullopt;
        }
        std::optional<report> result{std::in_place};
        std::memcpy(&result->from, bytes.data(), sizeof result->from);
        std::memcpy(&result->counted, bytes.data() + sizeof result->from, sizeof result->counted);
        result->packed.assign(reinterpret_cast<const char*>(bytes.data()) + header, bytes.size() - header);
        return result;
    }
};
