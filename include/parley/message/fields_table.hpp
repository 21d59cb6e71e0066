#pragma once

#include <cstddef>

/// The two tables behind message/fields.hpp, written out because the language has no loop over braces or bindings.

namespace parley::message {

/// The types of the fields of an aggregate, in order.
template <class... Fields>
struct field_types {
    static constexpr bool visible = true;
};

/// The fields cannot be seen.
struct opaque {
    static constexpr bool visible = false;
};

namespace fields_table {

inline constexpr std::size_t most_fields = 32;

// clang-format off

/// Whether `T` can be initialized with `Count` pairs of braces, and then an `After` where one is given.
template <class T, std::size_t Count, class... After>
[[nodiscard]] constexpr bool takes() {
    if constexpr (Count == 0) {
        return requires { T{After{}...}; };
    } else if constexpr (Count == 1) {
        return requires { T{{}, After{}...}; };
    } else if constexpr (Count == 2) {
        return requires { T{{}, {}, After{}...}; };
    } else if constexpr (Count == 3) {
        return requires { T{{}, {}, {}, After{}...}; };
    } else if constexpr (Count == 4) {
        return requires { T{{}, {}, {}, {}, After{}...}; };
    } else if constexpr (Count == 5) {
        return requires { T{{}, {}, {}, {}, {}, After{}...}; };
    } else if constexpr (Count == 6) {
        return requires { T{{}, {}, {}, {}, {}, {}, After{}...}; };
    } else if constexpr (Count == 7) {
        return requires { T{{}, {}, {}, {}, {}, {}, {}, After{}...}; };
    } else if constexpr (Count == 8) {
        return requires { T{{}, {}, {}, {}, {}, {}, {}, {}, After{}...}; };
    } else if constexpr (Count == 9) {
        return requires { T{{}, {}, {}, {}, {}, {}, {}, {}, {}, After{}...}; };
    } else if constexpr (Count == 10) {
        return requires { T{{}, {}, {}, {}, {}, {}, {}, {}, {}, {}, After{}...}; };
    } else if constexpr (Count == 11) {
        return requires { T{{}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, After{}...}; };
    } else if constexpr (Count == 12) {
        return requires { T{{}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, After{}...}; };
    } else if constexpr (Count == 13) {
        return requires { T{{}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, After{}...}; };
    } else if constexpr (Count == 14) {
        return requires { T{{}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, After{}...}; };
    } else if constexpr (Count == 15) {
        return requires { T{{}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, After{}...}; };
    } else if constexpr (Count == 16) {
        return requires { T{{}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, After{}...}; };
    } else if constexpr (Count == 17) {
        return requires { T{{}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, After{}...}; };
    } else if constexpr (Count == 18) {
        return requires { T{{}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, After{}...}; };
    } else if constexpr (Count == 19) {
        return requires { T{{}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, After{}...}; };
    } else if constexpr (Count == 20) {
        return requires {
            T{{}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, After{}...};
        };
    } else if constexpr (Count == 21) {
        return requires {
            T{{}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, After{}...};
        };
    } else if constexpr (Count == 22) {
        return requires {
            T{{}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, After{}...};
        };
    } else if constexpr (Count == 23) {
        return requires {
            T{{}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {},
                After{}...};
        };
    } else if constexpr (Count == 24) {
        return requires {
            T{{}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {},
                After{}...};
        };
    } else if constexpr (Count == 25) {
        return requires {
            T{{}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {},
                After{}...};
        };
    } else if constexpr (Count == 26) {
        return requires {
            T{{}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {},
                {}, After{}...};
        };
    } else if constexpr (Count == 27) {
        return requires {
            T{{}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {},
                {}, {}, After{}...};
        };
    } else if constexpr (Count == 28) {
        return requires {
            T{{}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {},
                {}, {}, {}, After{}...};
        };
    } else if constexpr (Count == 29) {
        return requires {
            T{{}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {},
                {}, {}, {}, {}, After{}...};
        };
    } else if constexpr (Count == 30) {
        return requires {
            T{{}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {},
                {}, {}, {}, {}, {}, After{}...};
        };
    } else if constexpr (Count == 31) {
        return requires {
            T{{}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {},
                {}, {}, {}, {}, {}, {}, After{}...};
        };
    } else if constexpr (Count == 32) {
        return requires {
            T{{}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {},
                {}, {}, {}, {}, {}, {}, {}, After{}...};
        };
    } else {
        return false;
    }
}

/// The types of the `Count` fields of `value`. Never called: only its return type is asked for.
template <std::size_t Count, class T>
constexpr auto types_of([[maybe_unused]] T& value) {
    if constexpr (Count == 0) {
        return field_types<>{};
    } else if constexpr (Count == 1) {
        [[maybe_unused]] auto& [f1] = value;
        return field_types<decltype(f1)>{};
    } else if constexpr (Count == 2) {
        [[maybe_unused]] auto& [f1, f2] = value;
        return field_types<decltype(f1), decltype(f2)>{};
    } else if constexpr (Count == 3) {
        [[maybe_unused]] auto& [f1, f2, f3] = value;
        return field_types<decltype(f1), decltype(f2), decltype(f3)>{};
    } else if constexpr (Count == 4) {
        [[maybe_unused]] auto& [f1, f2, f3, f4] = value;
        return field_types<decltype(f1), decltype(f2), decltype(f3), decltype(f4)>{};
    } else if constexpr (Count == 5) {
        [[maybe_unused]] auto& [f1, f2, f3, f4, f5] = value;
        return field_types<decltype(f1), decltype(f2), decltype(f3), decltype(f4), decltype(f5)>{};
    } else if constexpr (Count == 6) {
        [[maybe_unused]] auto& [f1, f2, f3, f4, f5, f6] = value;
        return field_types<decltype(f1), decltype(f2), decltype(f3), decltype(f4), decltype(f5), decltype(f6)>{};
    } else if constexpr (Count == 7) {
        [[maybe_unused]] auto& [f1, f2, f3, f4, f5, f6, f7] = value;
        return field_types<decltype(f1), decltype(f2), decltype(f3), decltype(f4), decltype(f5), decltype(f6),
            decltype(f7)>{};
    } else if constexpr (Count == 8) {
        [[maybe_unused]] auto& [f1, f2, f3, f4, f5, f6, f7, f8] = value;
        return field_types<decltype(f1), decltype(f2), decltype(f3), decltype(f4), decltype(f5), decltype(f6),
            decltype(f7), decltype(f8)>{};
    } else if constexpr (Count == 9) {
        [[maybe_unused]] auto& [f1, f2, f3, f4, f5, f6, f7, f8, f9] = value;
        return field_types<decltype(f1), decltype(f2), decltype(f3), decltype(f4), decltype(f5), decltype(f6),
            decltype(f7), decltype(f8), decltype(f9)>{};
    } else if constexpr (Count == 10) {
        [[maybe_unused]] auto& [f1, f2, f3, f4, f5, f6, f7, f8, f9, f10] = value;
        return field_types<decltype(f1), decltype(f2), decltype(f3), decltype(f4), decltype(f5), decltype(f6),
            decltype(f7), decltype(f8), decltype(f9), decltype(f10)>{};
    } else if constexpr (Count == 11) {
        [[maybe_unused]] auto& [f1, f2, f3, f4, f5, f6, f7, f8, f9, f10, f11] = value;
        return field_types<decltype(f1), decltype(f2), decltype(f3), decltype(f4), decltype(f5), decltype(f6),
            decltype(f7), decltype(f8), decltype(f9), decltype(f10), decltype(f11)>{};
    } else if constexpr (Count == 12) {
        [[maybe_unused]] auto& [f1, f2, f3, f4, f5, f6, f7, f8, f9, f10, f11, f12] = value;
        return field_types<decltype(f1), decltype(f2), decltype(f3), decltype(f4), decltype(f5), decltype(f6),
            decltype(f7), decltype(f8), decltype(f9), decltype(f10), decltype(f11), decltype(f12)>{};
    } else if constexpr (Count == 13) {
        [[maybe_unused]] auto& [f1, f2, f3, f4, f5, f6, f7, f8, f9, f10, f11, f12, f13] = value;
        return field_types<decltype(f1), decltype(f2), decltype(f3), decltype(f4), decltype(f5), decltype(f6),
            decltype(f7), decltype(f8), decltype(f9), decltype(f10), decltype(f11), decltype(f12), decltype(f13)>{};
    } else if constexpr (Count == 14) {
        [[maybe_unused]] auto& [f1, f2, f3, f4, f5, f6, f7, f8, f9, f10, f11, f12, f13, f14] = value;
        return field_types<decltype(f1), decltype(f2), decltype(f3), decltype(f4), decltype(f5), decltype(f6),
            decltype(f7), decltype(f8), decltype(f9), decltype(f10), decltype(f11), decltype(f12), decltype(f13),
            decltype(f14)>{};
    } else if constexpr (Count == 15) {
        [[maybe_unused]] auto& [f1, f2, f3, f4, f5, f6, f7, f8, f9, f10, f11, f12, f13, f14, f15] = value;
        return field_types<decltype(f1), decltype(f2), decltype(f3), decltype(f4), decltype(f5), decltype(f6),
            decltype(f7), decltype(f8), decltype(f9), decltype(f10), decltype(f11), decltype(f12), decltype(f13),
            decltype(f14), decltype(f15)>{};
    } else if constexpr (Count == 16) {
        [[maybe_unused]] auto& [f1, f2, f3, f4, f5, f6, f7, f8, f9, f10, f11, f12, f13, f14, f15, f16] = value;
        return field_types<decltype(f1), decltype(f2), decltype(f3), decltype(f4), decltype(f5), decltype(f6),
            decltype(f7), decltype(f8), decltype(f9), decltype(f10), decltype(f11), decltype(f12), decltype(f13),
            decltype(f14), decltype(f15), decltype(f16)>{};
    } else if constexpr (Count == 17) {
        [[maybe_unused]] auto& [f1, f2, f3, f4, f5, f6, f7, f8, f9, f10, f11, f12, f13, f14, f15, f16, f17] = value;
        return field_types<decltype(f1), decltype(f2), decltype(f3), decltype(f4), decltype(f5), decltype(f6),
            decltype(f7), decltype(f8), decltype(f9), decltype(f10), decltype(f11), decltype(f12), decltype(f13),
            decltype(f14), decltype(f15), decltype(f16), decltype(f17)>{};
    } else if constexpr (Count == 18) {
        [[maybe_unused]] auto& [f1, f2, f3, f4, f5, f6, f7, f8, f9, f10, f11, f12, f13, f14, f15, f16, f17, f18] =
            value;
        return field_types<decltype(f1), decltype(f2), decltype(f3), decltype(f4), decltype(f5), decltype(f6),
            decltype(f7), decltype(f8), decltype(f9), decltype(f10), decltype(f11), decltype(f12), decltype(f13),
            decltype(f14), decltype(f15), decltype(f16), decltype(f17), decltype(f18)>{};
    } else if constexpr (Count == 19) {
        [[maybe_unused]] auto& [f1, f2, f3, f4, f5, f6, f7, f8, f9, f10, f11, f12, f13, f14, f15, f16, f17, f18,
            f19] = value;
        return field_types<decltype(f1), decltype(f2), decltype(f3), decltype(f4), decltype(f5), decltype(f6),
            decltype(f7), decltype(f8), decltype(f9), decltype(f10), decltype(f11), decltype(f12), decltype(f13),
            decltype(f14), decltype(f15), decltype(f16), decltype(f17), decltype(f18), decltype(f19)>{};
    } else if constexpr (Count == 20) {
        [[maybe_unused]] auto& [f1, f2, f3, f4, f5, f6, f7, f8, f9, f10, f11, f12, f13, f14, f15, f16, f17, f18,
            f19, f20] = value;
        return field_types<decltype(f1), decltype(f2), decltype(f3), decltype(f4), decltype(f5), decltype(f6),
            decltype(f7), decltype(f8), decltype(f9), decltype(f10), decltype(f11), decltype(f12), decltype(f13),
            decltype(f14), decltype(f15), decltype(f16), decltype(f17), decltype(f18), decltype(f19), decltype(f20)>{};
    } else if constexpr (Count == 21) {
        [[maybe_unused]] auto& [f1, f2, f3, f4, f5, f6, f7, f8, f9, f10, f11, f12, f13, f14, f15, f16, f17, f18,
            f19, f20, f21] = value;
        return field_types<decltype(f1), decltype(f2), decltype(f3), decltype(f4), decltype(f5), decltype(f6),
            decltype(f7), decltype(f8), decltype(f9), decltype(f10), decltype(f11), decltype(f12), decltype(f13),
            decltype(f14), decltype(f15), decltype(f16), decltype(f17), decltype(f18), decltype(f19), decltype(f20),
            decltype(f21)>{};
    } else if constexpr (Count == 22) {
        [[maybe_unused]] auto& [f1, f2, f3, f4, f5, f6, f7, f8, f9, f10, f11, f12, f13, f14, f15, f16, f17, f18,
            f19, f20, f21, f22] = value;
        return field_types<decltype(f1), decltype(f2), decltype(f3), decltype(f4), decltype(f5), decltype(f6),
            decltype(f7), decltype(f8), decltype(f9), decltype(f10), decltype(f11), decltype(f12), decltype(f13),
            decltype(f14), decltype(f15), decltype(f16), decltype(f17), decltype(f18), decltype(f19), decltype(f20),
            decltype(f21), decltype(f22)>{};
    } else if constexpr (Count == 23) {
        [[maybe_unused]] auto& [f1, f2, f3, f4, f5, f6, f7, f8, f9, f10, f11, f12, f13, f14, f15, f16, f17, f18,
            f19, f20, f21, f22, f23] = value;
        return field_types<decltype(f1), decltype(f2), decltype(f3), decltype(f4), decltype(f5), decltype(f6),
            decltype(f7), decltype(f8), decltype(f9), decltype(f10), decltype(f11), decltype(f12), decltype(f13),
            decltype(f14), decltype(f15), decltype(f16), decltype(f17), decltype(f18), decltype(f19), decltype(f20),
            decltype(f21), decltype(f22), decltype(f23)>{};
    } else if constexpr (Count == 24) {
        [[maybe_unused]] auto& [f1, f2, f3, f4, f5, f6, f7, f8, f9, f10, f11, f12, f13, f14, f15, f16, f17, f18,
            f19, f20, f21, f22, f23, f24] = value;
        return field_types<decltype(f1), decltype(f2), decltype(f3), decltype(f4), decltype(f5), decltype(f6),
            decltype(f7), decltype(f8), decltype(f9), decltype(f10), decltype(f11), decltype(f12), decltype(f13),
            decltype(f14), decltype(f15), decltype(f16), decltype(f17), decltype(f18), decltype(f19), decltype(f20),
            decltype(f21), decltype(f22), decltype(f23), decltype(f24)>{};
    } else if constexpr (Count == 25) {
        [[maybe_unused]] auto& [f1, f2, f3, f4, f5, f6, f7, f8, f9, f10, f11, f12, f13, f14, f15, f16, f17, f18,
            f19, f20, f21, f22, f23, f24, f25] = value;
        return field_types<decltype(f1), decltype(f2), decltype(f3), decltype(f4), decltype(f5), decltype(f6),
            decltype(f7), decltype(f8), decltype(f9), decltype(f10), decltype(f11), decltype(f12), decltype(f13),
            decltype(f14), decltype(f15), decltype(f16), decltype(f17), decltype(f18), decltype(f19), decltype(f20),
            decltype(f21), decltype(f22), decltype(f23), decltype(f24), decltype(f25)>{};
    } else if constexpr (Count == 26) {
        [[maybe_unused]] auto& [f1, f2, f3, f4, f5, f6, f7, f8, f9, f10, f11, f12, f13, f14, f15, f16, f17, f18,
            f19, f20, f21, f22, f23, f24, f25, f26] = value;
        return field_types<decltype(f1), decltype(f2), decltype(f3), decltype(f4), decltype(f5), decltype(f6),
            decltype(f7), decltype(f8), decltype(f9), decltype(f10), decltype(f11), decltype(f12), decltype(f13),
            decltype(f14), decltype(f15), decltype(f16), decltype(f17), decltype(f18), decltype(f19), decltype(f20),
            decltype(f21), decltype(f22), decltype(f23), decltype(f24), decltype(f25), decltype(f26)>{};
    } else if constexpr (Count == 27) {
        [[maybe_unused]] auto& [f1, f2, f3, f4, f5, f6, f7, f8, f9, f10, f11, f12, f13, f14, f15, f16, f17, f18,
            f19, f20, f21, f22, f23, f24, f25, f26, f27] = value;
        return field_types<decltype(f1), decltype(f2), decltype(f3), decltype(f4), decltype(f5), decltype(f6),
            decltype(f7), decltype(f8), decltype(f9), decltype(f10), decltype(f11), decltype(f12), decltype(f13),
            decltype(f14), decltype(f15), decltype(f16), decltype(f17), decltype(f18), decltype(f19), decltype(f20),
            decltype(f21), decltype(f22), decltype(f23), decltype(f24), decltype(f25), decltype(f26), decltype(f27)>{};
    } else if constexpr (Count == 28) {
        [[maybe_unused]] auto& [f1, f2, f3, f4, f5, f6, f7, f8, f9, f10, f11, f12, f13, f14, f15, f16, f17, f18,
            f19, f20, f21, f22, f23, f24, f25, f26, f27, f28] = value;
        return field_types<decltype(f1), decltype(f2), decltype(f3), decltype(f4), decltype(f5), decltype(f6),
            decltype(f7), decltype(f8), decltype(f9), decltype(f10), decltype(f11), decltype(f12), decltype(f13),
            decltype(f14), decltype(f15), decltype(f16), decltype(f17), decltype(f18), decltype(f19), decltype(f20),
            decltype(f21), decltype(f22), decltype(f23), decltype(f24), decltype(f25), decltype(f26), decltype(f27),
            decltype(f28)>{};
    } else if constexpr (Count == 29) {
        [[maybe_unused]] auto& [f1, f2, f3, f4, f5, f6, f7, f8, f9, f10, f11, f12, f13, f14, f15, f16, f17, f18,
            f19, f20, f21, f22, f23, f24, f25, f26, f27, f28, f29] = value;
        return field_types<decltype(f1), decltype(f2), decltype(f3), decltype(f4), decltype(f5), decltype(f6),
            decltype(f7), decltype(f8), decltype(f9), decltype(f10), decltype(f11), decltype(f12), decltype(f13),
            decltype(f14), decltype(f15), decltype(f16), decltype(f17), decltype(f18), decltype(f19), decltype(f20),
            decltype(f21), decltype(f22), decltype(f23), decltype(f24), decltype(f25), decltype(f26), decltype(f27),
            decltype(f28), decltype(f29)>{};
    } else if constexpr (Count == 30) {
        [[maybe_unused]] auto& [f1, f2, f3, f4, f5, f6, f7, f8, f9, f10, f11, f12, f13, f14, f15, f16, f17, f18,
            f19, f20, f21, f22, f23, f24, f25, f26, f27, f28, f29, f30] = value;
        return field_types<decltype(f1), decltype(f2), decltype(f3), decltype(f4), decltype(f5), decltype(f6),
            decltype(f7), decltype(f8), decltype(f9), decltype(f10), decltype(f11), decltype(f12), decltype(f13),
            decltype(f14), decltype(f15), decltype(f16), decltype(f17), decltype(f18), decltype(f19), decltype(f20),
            decltype(f21), decltype(f22), decltype(f23), decltype(f24), decltype(f25), decltype(f26), decltype(f27),
            decltype(f28), decltype(f29), decltype(f30)>{};
    } else if constexpr (Count == 31) {
        [[maybe_unused]] auto& [f1, f2, f3, f4, f5, f6, f7, f8, f9, f10, f11, f12, f13, f14, f15, f16, f17, f18,
            f19, f20, f21, f22, f23, f24, f25, f26, f27, f28, f29, f30, f31] = value;
        return field_types<decltype(f1), decltype(f2), decltype(f3), decltype(f4), decltype(f5), decltype(f6),
            decltype(f7), decltype(f8), decltype(f9), decltype(f10), decltype(f11), decltype(f12), decltype(f13),
            decltype(f14), decltype(f15), decltype(f16), decltype(f17), decltype(f18), decltype(f19), decltype(f20),
            decltype(f21), decltype(f22), decltype(f23), decltype(f24), decltype(f25), decltype(f26), decltype(f27),
            decltype(f28), decltype(f29), decltype(f30), decltype(f31)>{};
    } else if constexpr (Count == 32) {
        [[maybe_unused]] auto& [f1, f2, f3, f4, f5, f6, f7, f8, f9, f10, f11, f12, f13, f14, f15, f16, f17, f18,
            f19, f20, f21, f22, f23, f24, f25, f26, f27, f28, f29, f30, f31, f32] = value;
        return field_types<decltype(f1), decltype(f2), decltype(f3), decltype(f4), decltype(f5), decltype(f6),
            decltype(f7), decltype(f8), decltype(f9), decltype(f10), decltype(f11), decltype(f12), decltype(f13),
            decltype(f14), decltype(f15), decltype(f16), decltype(f17), decltype(f18), decltype(f19), decltype(f20),
            decltype(f21), decltype(f22), decltype(f23), decltype(f24), decltype(f25), decltype(f26), decltype(f27),
            decltype(f28), decltype(f29), decltype(f30), decltype(f31), decltype(f32)>{};
    } else {
        return opaque{};
    }
}

// clang-format on

}  // namespace fields_table
}  // namespace parley::message
