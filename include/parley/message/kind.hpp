#pragma once

#include <array>
#include <concepts>
#include <cstddef>
#include <optional>
#include <span>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <utility>
#include <variant>

#include <parley/message/bytes.hpp>
#include <parley/message/codec.hpp>
#include <parley/message/fields.hpp>

/// What kinds of messages there are, and what keeps a type from being one. Every question here has an answer for every
/// type, so that the rules of the composition can ask them one after another.

namespace parley::message {

/// A complete type of objects that can be passed around by value: neither a reference nor an array nor `void`.
template <class T>
concept object = std::is_object_v<T> && !std::is_array_v<T> && requires {
    sizeof(T);
};

/// `T` without `const` and `volatile`, a complete type of objects.
template <class T>
concept plain = object<T> && std::same_as<T, std::remove_cv_t<T>>;

namespace kind_detail {

template <class T>
inline constexpr bool is_bytes = false;
template <std::size_t Max>
inline constexpr bool is_bytes<bytes<Max>> = true;

template <class T>
inline constexpr bool is_variant = false;
template <class... Alternatives>
inline constexpr bool is_variant<std::variant<Alternatives...>> = true;

}  // namespace kind_detail

/// Travels by its codec, which goes before everything else.
template <class T>
concept coded = plain<T> && has_codec<T>;

/// Travels as a length and that many bytes.
template <class T>
concept byte_string = plain<T> && !coded<T> && kind_detail::is_bytes<T>;

/// Travels as the number of its alternative, and that alternative.
template <class T>
concept alternatives = plain<T> && !coded<T> && kind_detail::is_variant<T>;

namespace kind_detail {

template <class T>
[[nodiscard]] constexpr bool is_trivial() {
    // Only complete types of objects may be asked.
    if constexpr (plain<T> && !coded<T> && !byte_string<T> && !alternatives<T>) {
        return std::is_trivially_copyable_v<T> && std::is_move_constructible_v<T>;
    } else {
        return false;
    }
}

}  // namespace kind_detail

/// Travels as its bytes, unchanged.
template <class T>
concept trivial = kind_detail::is_trivial<T>();

namespace kind_detail {

template <class T>
struct can_travel : std::bool_constant<trivial<T> || byte_string<T> || coded<T>> {};
template <class... Alternatives>
    requires alternatives<std::variant<Alternatives...>>
struct can_travel<std::variant<Alternatives...>> : std::bool_constant<(can_travel<Alternatives>::value && ...)> {
};

template <class T>
struct codecs_complete : std::bool_constant<!coded<T> || has_complete_codec<T>> {};
template <class... Alternatives>
    requires alternatives<std::variant<Alternatives...>>
struct codecs_complete<std::variant<Alternatives...>>
    : std::bool_constant<(codecs_complete<Alternatives>::value && ...)> {
};

template <class T>
struct has_room {
    [[nodiscard]] static constexpr bool ask() {
        if constexpr (byte_string<T>) {
            return T::max_size > 0;
        } else if constexpr (coded<T> && has_complete_codec<T>) {
            return codec<T>::max_size > 0;
        } else {
            return true;
        }
    }
    static constexpr bool value = ask();
};
template <class... Alternatives>
    requires alternatives<std::variant<Alternatives...>>
struct has_room<std::variant<Alternatives...>> : std::bool_constant<(has_room<Alternatives>::value && ...)> {
};

/// `std::reference_wrapper`, and what is made like it.
template <class T>
concept wraps_reference = requires(const T& wrapper) {
    { wrapper.get() } -> std::same_as<typename T::type&>;
};

/// Whether an address can be seen in `T`, which is copied byte by byte.
template <class T>
struct holds_address {
    template <class... Fields>
    [[nodiscard]] static constexpr bool among(field_types<Fields...>) {
        return (holds_address<Fields>::value || ...);
    }
    [[nodiscard]] static constexpr bool among(opaque) { return is_bound_to_a_reference<T>(); }

    [[nodiscard]] static constexpr bool ask() {
        if constexpr (std::is_pointer_v<T> || std::is_member_pointer_v<T> || std::is_reference_v<T>) {
            return true;
        } else if constexpr (wraps_reference<T>) {
            return true;
        } else if constexpr (std::is_class_v<T>) {
            return among(fields_of<T>{});
        } else {
            return false;
        }
    }
    static constexpr bool value = ask();
};

template <class T>
struct holds_address<const T> : holds_address<T> {};
template <class T>
struct holds_address<volatile T> : holds_address<T> {};
template <class T>
struct holds_address<const volatile T> : holds_address<T> {};
template <class T, std::size_t N>
struct holds_address<T[N]> : holds_address<T> {};
template <class T, std::size_t N>
struct holds_address<const T[N]> : holds_address<T> {};

// The standard's classes whose inside cannot be looked at, but is known.
template <class T, std::size_t N>
struct holds_address<std::array<T, N>> : holds_address<T> {};
template <class T>
struct holds_address<std::optional<T>> : holds_address<T> {};
template <class First, class Second>
struct holds_address<std::pair<First, Second>>
    : std::bool_constant<holds_address<First>::value || holds_address<Second>::value> {};
template <class... T>
struct holds_address<std::tuple<T...>> : std::bool_constant<(holds_address<T>::value || ...)> {};
template <class... T>
struct holds_address<std::variant<T...>> : std::bool_constant<(holds_address<T>::value || ...)> {};
template <class Character, class Traits>
struct holds_address<std::basic_string_view<Character, Traits>> : std::true_type {};
template <class T, std::size_t Extent>
struct holds_address<std::span<T, Extent>> : std::true_type {};

/// The same for a message: what travels by a codec may hold what it likes.
template <class T>
struct sends_address {
    [[nodiscard]] static constexpr bool ask() {
        if constexpr (trivial<T>) {
            return holds_address<T>::value;
        } else {
            return false;
        }
    }
    static constexpr bool value = ask();
};
template <class... Alternatives>
    requires alternatives<std::variant<Alternatives...>>
struct sends_address<std::variant<Alternatives...>> : std::bool_constant<(sends_address<Alternatives>::value || ...)> {
};

}  // namespace kind_detail

/// There is a way for a `T` to travel.
template <class T>
inline constexpr bool can_travel = kind_detail::can_travel<T>::value;

/// Every codec that `T` needs is there with all its parts.
template <class T>
inline constexpr bool codecs_complete = kind_detail::codecs_complete<T>::value;

/// A message of this type can carry something: no `bytes<0>`, no codec of at most 0 bytes.
template <class T>
inline constexpr bool has_room = kind_detail::has_room<T>::value;

/// A pointer or a reference can be seen in what would be copied byte by byte. It means nothing in another process.
template <class T>
inline constexpr bool sends_address = kind_detail::sends_address<T>::value;

/// `T` may be the message of a channel.
template <class T>
concept sendable = plain<T> && can_travel<T> && codecs_complete<T> && has_room<T> && !sends_address<T>;

}  // namespace parley::message
