#pragma once

#include <cstddef>
#include <string_view>

/// Strings that are built while compiling: the names of words, the description of a layout.

namespace parley {

/// A string of exactly `Length` characters that the compiler can concatenate.
template <std::size_t Length>
struct text {
    char characters[Length + 1]{};

    constexpr text() = default;

    // Implicit, so that `text{"shm"}` and `"bounded<" + decimal<8>` read as strings do.
    constexpr text(const char (&literal)[Length + 1]) : text(std::string_view{literal, Length}) {}

    /// `from` must have at least `Length` characters.
    constexpr explicit text(std::string_view from) {
        for (std::size_t i = 0; i < Length; ++i)
            characters[i] = from[i];
    }

    [[nodiscard]] constexpr std::string_view view() const noexcept {
        // A text may be empty: NOLINTNEXTLINE(bugprone-string-constructor)
        return std::string_view{characters, Length};
    }
    [[nodiscard]] constexpr operator std::string_view() const noexcept { return view(); }
};

template <std::size_t Size>
text(const char (&)[Size]) -> text<Size - 1>;

template <std::size_t Left, std::size_t Right>
[[nodiscard]] constexpr text<Left + Right> operator+(const text<Left>& left, const text<Right>& right) {
    text<Left + Right> both;
    for (std::size_t i = 0; i < Left; ++i)
        both.characters[i] = left.characters[i];
    for (std::size_t i = 0; i < Right; ++i)
        both.characters[Left + i] = right.characters[i];
    return both;
}

template <std::size_t Left, std::size_t Size>
[[nodiscard]] constexpr auto operator+(const text<Left>& left, const char (&right)[Size]) {
    return left + text<Size - 1>{right};
}

template <std::size_t Size, std::size_t Right>
[[nodiscard]] constexpr auto operator+(const char (&left)[Size], const text<Right>& right) {
    return text<Size - 1>{left} + right;
}

/// `Number` in decimal digits.
template <std::size_t Number>
inline constexpr auto decimal = [] {
    constexpr std::size_t digits = [] {
        std::size_t count = 1;
        for (std::size_t rest = Number; rest >= 10; rest /= 10)
            ++count;
        return count;
    }();
    text<digits> result;
    std::size_t rest = Number;
    for (std::size_t i = digits; i > 0; --i, rest /= 10)
        result.characters[i - 1] = static_cast<char>('0' + rest % 10);
    return result;
}();

/// Something that says its name: a text, a `std::string_view` or a literal, known while compiling.
template <class Word>
concept has_name = requires {
    std::string_view{Word::name};
};

/// The name of a word, whatever kind of string it is, as a `text`.
template <has_name Word>
inline constexpr auto name_of = text<std::string_view{Word::name}.size()>{std::string_view{Word::name}};

}  // namespace parley
