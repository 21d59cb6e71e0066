#pragma once

#include <array>
#include <cstddef>
#include <type_traits>
#include <utility>

#include <parley/message/fields_table.hpp>

/// The types of the fields of an aggregate, where the language lets us see them.
///
/// How many fields there are is asked with empty braces, `T{{}, {}, {}}`: unlike a value that converts to anything, a
/// pair of braces always stands for exactly one field, an array included. What they are is then read off a structured
/// binding. (The idea of counting initializers is Boost.PFR's; PFR itself stops the compiler at arrays, base classes
/// and references, and a question must not stop anything.)
///
/// What cannot be seen is `opaque`: classes with private fields or base classes, unions and classes with a union
/// directly in them, classes that follow the tuple protocol, fields that `{}` cannot initialize, more than 32 fields.
/// Not supported are anonymous structs, an extension of the compilers that has no place in a binding.

namespace parley::message {

namespace fields_detail {

using fields_table::most_fields;
using fields_table::takes;

/// Converts to a value of any type but `Whole` itself.
template <class Whole>
struct any_value {
    template <class Field>
        requires(!std::is_same_v<Field, Whole>)
    operator Field() const;
};

/// Converts to any reference.
struct any_reference {
    template <class Field>
    operator Field&() const;
    template <class Field>
    operator Field&&() const;
};

/// Converts to the base classes of `Whole`.
template <class Whole>
struct any_base {
    template <class Base>
        requires(std::is_base_of_v<Base, Whole> && !std::is_same_v<Base, Whole>)
    operator Base() const;
};

/// Converts to unions.
struct any_union {
    template <class Union>
        requires std::is_union_v<Union>
    operator Union() const;
};

inline constexpr std::size_t uncountable = most_fields + 1;

/// The largest number of braces that `T` takes.
template <class T, std::size_t Count = most_fields>
[[nodiscard]] constexpr std::size_t count() {
    if constexpr (takes<T, Count>()) {
        // With something left over there is a field that braces cannot initialize, or one too many for the table.
        return takes<T, Count, any_value<T>>() || takes<T, Count, any_reference>() ? uncountable : Count;
    } else if constexpr (Count == 0) {
        return uncountable;
    } else {
        return count<T, Count - 1>();
    }
}

template <class T, std::size_t... Before>
[[nodiscard]] constexpr bool has_union_among(std::index_sequence<Before...>) {
    return (takes<T, Before, any_union>() || ...);
}

template <class T>
concept tuple_like = requires {
    sizeof(std::tuple_size<T>);
};

template <class T>
[[nodiscard]] constexpr auto look() {
    if constexpr (!std::is_class_v<T> || !std::is_aggregate_v<T> || tuple_like<T>) {
        return opaque{};
    } else if constexpr (takes<T, 0, any_base<T>>()) {
        return opaque{};
    } else if constexpr (constexpr std::size_t fields = count<T>(); fields == uncountable) {
        return opaque{};
    } else if constexpr (has_union_among<T>(std::make_index_sequence<fields>{})) {
        return opaque{};
    } else {
        return decltype(fields_table::types_of<fields>(std::declval<T&>())){};
    }
}

template <class T, std::size_t Count = most_fields>
[[nodiscard]] constexpr bool takes_values() {
    return []<std::size_t... I>(std::index_sequence<I...>) {
        return requires { T{(static_cast<void>(I), any_value<T>{})...}; };
    }
    (std::make_index_sequence<Count>{}) || [] {
        if constexpr (Count == 0) {
            return false;
        } else {
            return takes_values<T, Count - 1>();
        }
    }();
}

}  // namespace fields_detail

/// `field_types<...>` of the fields of `T`, or `opaque`.
template <class T>
using fields_of = decltype(fields_detail::look<std::remove_cv_t<T>>());

/// Whether `T` is an aggregate with a reference to something that it cannot make up: such a field can be neither
/// counted nor assigned nor initialized from a value.
template <class T>
[[nodiscard]] constexpr bool is_bound_to_a_reference() {
    if constexpr (std::is_class_v<T> && std::is_aggregate_v<T> && !std::is_copy_assignable_v<T>) {
        return fields_detail::count<T>() == fields_detail::uncountable && !fields_detail::takes_values<T>();
    } else {
        return false;
    }
}

}  // namespace parley::message
