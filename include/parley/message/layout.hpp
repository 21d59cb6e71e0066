#pragma once

#include <array>
#include <climits>
#include <cstddef>
#include <string_view>
#include <type_traits>
#include <variant>

#include <parley/message/fields.hpp>
#include <parley/message/kind.hpp>
#include <parley/message/text.hpp>

/// The layout of a message as text: what two programs must agree on, and what a person reads when they do not.
///
/// `16 bytes, alignment 8 {u64, f64}`. The kinds of the fields are there where the language lets us see them (see
/// message/fields.hpp); elsewhere size and alignment must do. A type can add to its own text what the compiler cannot
/// see, a version for example: `static constexpr std::string_view parley_name = "order, version 2";`.
///
/// The text depends on sizes and kinds only and is the same from every compiler. Names of types and of fields are not
/// in it, nor are the widths of bit-fields.

namespace parley::message {

namespace layout_detail {

template <class T>
concept self_named = requires {
    std::string_view{T::parley_name};
};

template <class T>
[[nodiscard]] constexpr auto own_name() {
    if constexpr (self_named<T>) {
        return text<std::string_view{T::parley_name}.size()>{std::string_view{T::parley_name}};
    } else {
        return text<0>{};
    }
}

template <class T>
[[nodiscard]] constexpr auto own_name_and_space() {
    if constexpr (self_named<T>) {
        return own_name<T>() + " ";
    } else {
        return text<0>{};
    }
}

template <class T>
[[nodiscard]] constexpr auto size_and_alignment() {
    return decimal<sizeof(T)> + " bytes, alignment " + decimal<alignof(T)>;
}

template <class T>
struct kind_of;

[[nodiscard]] constexpr auto kinds_of(field_types<>) { return text{"{}"}; }

template <class First, class... Rest>
[[nodiscard]] constexpr auto kinds_of(field_types<First, Rest...>) {
    return "{" + (kind_of<First>::get() + ... + (", " + kind_of<Rest>::get())) + "}";
}

/// The kind of a field, or of a message that is no class.
template <class T>
struct kind_of {
    [[nodiscard]] static constexpr auto get() {
        if constexpr (!std::is_same_v<T, std::remove_cv_t<T>>) {
            return kind_of<std::remove_cv_t<T>>::get();
        } else if constexpr (std::is_same_v<T, bool>) {
            return text{"bool"};
        } else if constexpr (std::is_same_v<T, char>) {
            return text{"char"};
        } else if constexpr (std::is_same_v<T, std::byte>) {
            return text{"byte"};
        } else if constexpr (std::is_floating_point_v<T>) {
            return "f" + decimal<sizeof(T) * CHAR_BIT>;
        } else if constexpr (std::is_integral_v<T>) {
            // Not is_signed: whether char is signed depends on the machine, and is no different layout.
            return (std::is_signed_v<T> ? text{"i"} : text{"u"}) + decimal<sizeof(T) * CHAR_BIT>;
        } else if constexpr (std::is_enum_v<T>) {
            return "enum " + kind_of<std::underlying_type_t<T>>::get();
        } else if constexpr (std::is_pointer_v<T> || std::is_member_pointer_v<T> || std::is_reference_v<T>) {
            return text{"address"};  // refused by a rule, but the text must exist to be shown
        } else if constexpr (fields_of<T>::visible) {
            return own_name<T>() + kinds_of(fields_of<T>{});
        } else {
            return own_name<T>() + "(" + size_and_alignment<T>() + ")";
        }
    }
};

// Arrays: the innermost element and then the dimensions, as one writes them.

template <class T>
struct array_of {
    using innermost = T;
    static constexpr auto dimensions = text<0>{};
};

template <class T, std::size_t N>
struct array_of<T[N]> {
    using innermost = typename array_of<T>::innermost;
    static constexpr auto dimensions = "[" + decimal<N> + "]" + array_of<T>::dimensions;
};

template <class T, std::size_t N>
struct array_of<std::array<T, N>> : array_of<T[N]> {};

template <class T>
struct array_of<std::array<T, 0>> : array_of<std::array<T, 1>> {
    static constexpr auto dimensions = text{"[0]"};
};

template <class T>
    requires(array_of<T>::dimensions.view() != "")
struct kind_of<T> {
    [[nodiscard]] static constexpr auto get() {
        return kind_of<typename array_of<T>::innermost>::get() + array_of<T>::dimensions;
    }
};

template <class T>
struct layout {
    [[nodiscard]] static constexpr auto get() {
        if constexpr (coded<T>) {
            return own_name_and_space<codec<T>>() + "codec, at most " + decimal<codec<T>::max_size> + " bytes";
        } else if constexpr (byte_string<T>) {
            return "bytes<" + decimal<T::max_size> + ">";
        } else if constexpr (fields_of<T>::visible) {
            return own_name_and_space<T>() + size_and_alignment<T>() + " " + kinds_of(fields_of<T>{});
        } else if constexpr ((std::is_class_v<T> || std::is_union_v<T>)&&array_of<T>::dimensions.view().empty()) {
            return own_name_and_space<T>() + size_and_alignment<T>();
        } else {
            return size_and_alignment<T>() + " " + kind_of<T>::get();
        }
    }
};

template <class First, class... Rest>
    requires alternatives<std::variant<First, Rest...>>
struct layout<std::variant<First, Rest...>> {
    [[nodiscard]] static constexpr auto get() {
        return "variant<" + (layout<First>::get() + ... + (" | " + layout<Rest>::get())) + ">";
    }
};

}  // namespace layout_detail

/// The layout of `T`, which must be `sendable`, as a `text`.
template <class T>
inline constexpr auto layout_of = layout_detail::layout<T>::get();

}  // namespace parley::message
