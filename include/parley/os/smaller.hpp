#pragma once

#include <type_traits>

namespace parley::os {

/// `std::min` and `std::max` of two numbers: <algorithm> would cost a program more to compile than all of the headers
/// that need nothing else of it.
template <class Number>
[[nodiscard]] constexpr Number smaller(Number one, std::type_identity_t<Number> other) noexcept {
    return other < one ? other : one;
}
template <class Number>
[[nodiscard]] constexpr Number larger(Number one, std::type_identity_t<Number> other) noexcept {
    return one < other ? other : one;
}

}  // namespace parley::os
