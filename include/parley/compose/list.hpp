#pragma once

#include <cstddef>
#include <tuple>

namespace parley::compose {

/// A list of types.
template <class... Types>
struct list {};

namespace list_detail {

template <class... Types>
std::tuple<Types...> as_tuple(list<Types...>);

template <class... Types>
[[nodiscard]] constexpr std::size_t length_of(list<Types...>) {
    return sizeof...(Types);
}

}  // namespace list_detail

template <class List>
inline constexpr std::size_t length = list_detail::length_of(List{});

/// The type at `Index`, counted from 0.
template <std::size_t Index, class List>
using nth = std::tuple_element_t<Index, decltype(list_detail::as_tuple(List{}))>;

}  // namespace parley::compose
