#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <unordered_map>

/// What a word is, and how many there are of each.

namespace wordcount {

/// A word is what stands between white space of the C locale, as for wc(1).
inline constexpr std::string_view white_space = " \n\t\r\v\f";

[[nodiscard]] constexpr bool is_space(char byte) noexcept { return byte == ' ' || (byte >= '\t' && byte <= '\r'); }

/// Words that agree in so many bytes are listed as one. (They are counted like all others.)
inline constexpr std::size_t longest_key = 64;

/// Calls `on_word(key)` for each word that begins in `text`. `before` is the byte that stands before it: in the middle
/// of a word, the rest of that word is none of its own.
template <class OnWord>
void for_each_word(char before, std::string_view text, OnWord on_word) {
    std::size_t at = 0;
    if (!is_space(before)) {
        while (at < text.size() && !is_space(text[at])) {
            ++at;
        }
    }
    for (;;) {
        while (at < text.size() && is_space(text[at])) {
            ++at;
        }
        if (at == text.size()) {
            return;
        }
        const auto begin = at;
        while (at < text.size() && !is_space(text[at])) {
            ++at;
        }
        on_word(text.substr(begin, std::min(at - begin, longest_key)));
    }
}

struct tally {
    std::uint64_t messages = 0;
    std::uint64_t lines = 0;
    std::uint64_t words = 0;
    std::uint64_t bytes = 0;

    tally& operator+=(const tally& more) noexcept {
        messages += more.messages;
        lines += more.lines;
        words += more.words;
        bytes += more.bytes;
        return *this;
    }
};

/// How often each word occurs.
class word_table {
public:
    void add(std::string_view word, std::uint64_t times = 1) {
        // Most words are there already, and finding one makes no string.
        if (const auto found = times_.find(word); found != times_.end()) {
            found->second += times;
        } else {
            times_.emplace(word, times);
        }
    }

    [[nodiscard]] std::uint64_t operator[](std::string_view word) const {
        const auto found = times_.find(word);
        return found == times_.end() ? 0 : found->second;
    }

    [[nodiscard]] std::size_t size() const noexcept { return times_.size(); }
    [[nodiscard]] auto begin() const noexcept { return times_.begin(); }
    [[nodiscard]] auto end() const noexcept { return times_.end(); }

private:
    struct hash : std::hash<std::string_view> {
        using is_transparent = void;
    };
    std::unordered_map<std::string, std::uint64_t, hash, std::equal_to<>> times_;
};

struct counts {
    tally total;
    word_table words;
};

}  // namespace wordcount
