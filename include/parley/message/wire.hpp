#pragma once

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <initializer_list>
#include <memory>
#include <new>
#include <optional>
#include <span>
#include <string>
#include <type_traits>
#include <utility>
#include <variant>

#include <parley/message/kind.hpp>
#include <parley/os/error.hpp>
#include <parley/os/smaller.hpp>

/// How a message lies in a slot.
///
/// `wire<T>` has
/// - `capacity` and `alignment`: the bytes that a slot needs, whatever the message, and where it may begin;
/// - `fixed_size`: every message fills the whole capacity;
/// - `in_place`: a `T` (for `bytes`: its bytes) can be written and read in the slot itself;
/// - `always_valid`: `read` never fails;
/// - perhaps `mostly_little`: of a large capacity most messages use the beginning (ring/slot.hpp);
/// - `size(value)`: how many bytes `write` will use; throws `errc::message_too_large` for what does not fit. Call it
///   before a slot is taken;
/// - `write(slot, value)`: for a value for which `size` did not throw. Does not throw;
/// - `within(slot, size)`, unless `fixed_size`: whether the message ends within the first `size` bytes. To be asked of
///   a slot that may have less than the capacity;
/// - `read(slot, out)` and `read(slot)`: false and nothing where the slot's bytes are no message. What a peer wrote is
///   not trusted: a length is copied once and then checked, and only the copy is used;
/// - `read(slot, out, most)` and `read(slot, most)`, unless `fixed_size`: the same of a slot that has `most` bytes.

namespace parley::message {

template <class T>
struct wire;

namespace wire_detail {

/// The length before a variable part takes 8 bytes, so that the part itself begins at an 8-byte boundary.
using length_type = std::uint64_t;
inline constexpr std::size_t header_size = sizeof(length_type);

[[nodiscard]] constexpr std::size_t round_up(std::size_t size, std::size_t alignment) {
    return (size + alignment - 1) / alignment * alignment;
}

[[nodiscard]] constexpr std::size_t largest(std::initializer_list<std::size_t> sizes) {
    std::size_t result = 0;
    for (const auto size : sizes) {
        result = os::larger(result, size);
    }
    return result;
}

template <class Number>
void store(std::byte* slot, Number number) noexcept {
    std::memcpy(slot, &number, sizeof number);
}

/// Reads a number that a peer could change at any time, exactly once.
template <class Number>
[[nodiscard]] Number load_once(const std::byte* slot) noexcept {
    Number number;
    std::memcpy(&number, slot, sizeof number);
    // The compiler must forget where the number came from, or it may read it again after the check.
    asm("" : "+r"(number));
    return number;
}

/// The variable part of a slot: a length, then that many bytes of at most `Max`.
template <std::size_t Max>
struct part {
    static constexpr std::size_t capacity = header_size + round_up(Max, header_size);
    static constexpr std::size_t alignment = alignof(length_type);

    [[nodiscard]] static std::span<std::byte> room(std::byte* slot) noexcept { return {slot + header_size, Max}; }

    static void set_size(std::byte* slot, std::size_t size) noexcept { store(slot, static_cast<length_type>(size)); }

    [[nodiscard]] static bool within(const std::byte* slot, std::size_t size) noexcept {
        return size >= header_size && load_once<length_type>(slot) <= size - header_size;
    }

    /// `most`: bytes that the slot has.
    [[nodiscard]] static std::optional<std::span<const std::byte>> content(const std::byte* slot,
                                                                           std::size_t most = capacity) noexcept {
        if (most < header_size)
            return std::nullopt;
        const auto length = load_once<length_type>(slot);
        if (length > os::smaller(Max, most - header_size))
            return std::nullopt;
        return std::span<const std::byte>{slot + header_size, static_cast<std::size_t>(length)};
    }
};

/// Room for a `T` that is made by copying bytes into it, with no constructor run.
template <class T>
union unborn {
    unborn() noexcept {}
    T value;
};

}  // namespace wire_detail

/// A trivially copyable type travels as its bytes. (A peer that writes garbage writes garbage values: an enumeration
/// without such an enumerator, a `bool` that is neither. Check what you do not trust.)
template <trivial T>
struct wire<T> {
    static constexpr std::size_t capacity = sizeof(T);
    static constexpr std::size_t alignment = alignof(T);
    static constexpr bool fixed_size = true;
    static constexpr bool in_place = true;
    static constexpr bool always_valid = true;

    [[nodiscard]] static constexpr std::size_t size(const T&) noexcept { return capacity; }

    static void write(std::byte* slot, const T& value) noexcept {
        std::memcpy(slot, static_cast<const void*>(std::addressof(value)), sizeof(T));
    }

    static bool read(const std::byte* slot, T& out) noexcept {
        std::memcpy(static_cast<void*>(std::addressof(out)), slot, sizeof(T));
        return true;
    }

    [[nodiscard]] static std::optional<T> read(const std::byte* slot) noexcept {
        if constexpr (std::is_trivially_copy_constructible_v<T>) {
            // Straight from the slot, which is aligned for a T: by way of a local object g++ copies twice.
            return std::optional<T>{std::in_place, *std::launder(reinterpret_cast<const T*>(slot))};
        } else {
            wire_detail::unborn<T> received;
            std::memcpy(static_cast<void*>(std::addressof(received.value)), slot, sizeof(T));
            return std::optional<T>{std::move(received.value)};
        }
    }
};

/// `bytes<Max>`: the length and the bytes in use. In place a slot is a span: `room` to write into, then `set_size`;
/// `content` to read.
template <byte_string T>
struct wire<T> : wire_detail::part<T::max_size> {
    using part = wire_detail::part<T::max_size>;
    static constexpr bool fixed_size = false;
    static constexpr bool in_place = true;
    static constexpr bool always_valid = false;

    [[nodiscard]] static std::size_t size(const T& value) noexcept { return wire_detail::header_size + value.size(); }

    static void write(std::byte* slot, const T& value) noexcept {
        part::set_size(slot, value.size());
        std::memcpy(part::room(slot).data(), value.data(), value.size());
    }

    [[nodiscard]] static bool read(const std::byte* slot, T& out, std::size_t most = part::capacity) {
        const auto content = part::content(slot, most);
        if (content)
            out.assign(*content);
        return content.has_value();
    }

    [[nodiscard]] static std::optional<T> read(const std::byte* slot, std::size_t most = part::capacity) {
        const auto content = part::content(slot, most);
        return content ? std::optional<T>{std::in_place, *content} : std::nullopt;
    }
};

/// A type with a codec: the length and what the codec wrote.
template <coded T>
struct wire<T> : wire_detail::part<codec<T>::max_size> {
    using part = wire_detail::part<codec<T>::max_size>;
    static constexpr bool fixed_size = false;
    static constexpr bool in_place = false;
    static constexpr bool always_valid = false;

    [[nodiscard]] static std::size_t size(const T& value) {
        const std::size_t needed = codec<T>::size(value);
        if (needed > codec<T>::max_size) {
            throw_error(errc::message_too_large, "parley::codec: a message needs " + std::to_string(needed) +
                                                     " bytes, the codec's max_size allows " +
                                                     std::to_string(codec<T>::max_size) +
                                                     "; raise max_size on every side, or send less at a time");
        }
        return wire_detail::header_size + needed;
    }

    /// `most`: bytes that may be written.
    static void write(std::byte* slot, const T& value, std::size_t most = part::capacity) noexcept {
        // A codec that changes its mind between the two calls still never gets more room than there is.
        const std::size_t room = os::smaller(
            os::smaller(static_cast<std::size_t>(codec<T>::size(value)), static_cast<std::size_t>(codec<T>::max_size)),
            most - wire_detail::header_size);
        const std::size_t written = codec<T>::encode(value, part::room(slot).first(room));
        part::set_size(slot, os::smaller(written, room));
    }

    [[nodiscard]] static bool read(const std::byte* slot, T& out, std::size_t most = part::capacity) {
        auto received = read(slot, most);
        if (received)
            out = std::move(*received);
        return received.has_value();
    }

    [[nodiscard]] static std::optional<T> read(const std::byte* slot, std::size_t most = part::capacity) {
        const auto content = part::content(slot, most);
        return content ? codec<T>::decode(*content) : std::nullopt;
    }
};

/// Reads a `T` from the first `most` bytes of a slot.
template <class T>
[[nodiscard]] std::optional<T> read_within(const std::byte* slot, std::size_t most) {
    if constexpr (!wire<T>::fixed_size) {
        return wire<T>::read(slot, most);
    } else {
        return most < wire<T>::capacity ? std::nullopt : wire<T>::read(slot);
    }
}

/// A variant: the number of the alternative, then the alternative as it travels alone. Another number is corrupt.
template <class... Alternatives>
    requires alternatives<std::variant<Alternatives...>>
struct wire<std::variant<Alternatives...>> {
    using variant = std::variant<Alternatives...>;
    using index_type = std::uint32_t;

    static constexpr std::size_t alignment =
        wire_detail::largest({alignof(index_type), wire<Alternatives>::alignment...});
    static constexpr std::size_t body = wire_detail::round_up(sizeof(index_type), alignment);
    static constexpr std::size_t capacity =
        wire_detail::round_up(body + wire_detail::largest({wire<Alternatives>::capacity...}), alignment);
    static constexpr bool fixed_size = false;
    static constexpr bool in_place = false;
    static constexpr bool always_valid = false;

    [[nodiscard]] static std::size_t size(const variant& value) {
        return body + std::visit([]<class Alternative>(
                                     const Alternative& alternative) { return wire<Alternative>::size(alternative); },
                                 value);
    }

    /// `most`: bytes that may be written.
    static void write(std::byte* slot, const variant& value, std::size_t most = capacity) noexcept {
        wire_detail::store(slot, static_cast<index_type>(value.index()));
        std::visit(
            [&]<class Alternative>(const Alternative& alternative) {
                if constexpr (requires { wire<Alternative>::write(slot, alternative, most); }) {
                    wire<Alternative>::write(slot + body, alternative, most - body);
                } else {
                    wire<Alternative>::write(slot + body, alternative);
                }
            },
            value);
    }

    [[nodiscard]] static bool read(const std::byte* slot, variant& out, std::size_t most = capacity) {
        auto received = read(slot, most);
        if (received)
            out = std::move(*received);
        return received.has_value();
    }

    [[nodiscard]] static std::optional<variant> read(const std::byte* slot, std::size_t most = capacity) {
        std::optional<variant> result;
        if (most >= body) {
            const auto index = wire_detail::load_once<index_type>(slot);
            // An index that fits none leaves the result empty.
            read_alternative(slot + body, most - body, index, result, std::index_sequence_for<Alternatives...>{});
        }
        return result;
    }

    [[nodiscard]] static bool within(const std::byte* slot, std::size_t size) noexcept {
        return size >= body && alternative_is_within(slot + body, size - body, wire_detail::load_once<index_type>(slot),
                                                     std::index_sequence_for<Alternatives...>{});
    }

private:
    template <std::size_t... I>
    [[nodiscard]] static bool alternative_is_within(const std::byte* slot, std::size_t size, index_type index,
                                                    std::index_sequence<I...>) noexcept {
        const auto is_within = [&]<class Alternative>(std::type_identity<wire<Alternative>>) {
            if constexpr (wire<Alternative>::fixed_size) {
                return wire<Alternative>::capacity <= size;
            } else {
                return wire<Alternative>::within(slot, size);
            }
        };
        return ((index == I && is_within(std::type_identity<wire<Alternatives>>{})) || ...);
    }

    template <std::size_t... I>
    static void read_alternative(const std::byte* slot, std::size_t most, index_type index,
                                 std::optional<variant>& result, std::index_sequence<I...>) {
        const auto read_as = [&]<std::size_t Number>(std::integral_constant<std::size_t, Number>) {
            auto alternative = read_within<std::variant_alternative_t<Number, variant>>(slot, most);
            if (alternative)
                result.emplace(std::in_place_index<Number>, std::move(*alternative));
        };
        static_cast<void>(((index == I && (read_as(std::integral_constant<std::size_t, I>{}), true)) || ...));
    }
};

}  // namespace parley::message
