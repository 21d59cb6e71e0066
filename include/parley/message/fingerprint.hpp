#pragma once

#include <cstdint>
#include <string_view>

#include <parley/message/layout.hpp>
#include <parley/os/layout_version.hpp>

namespace parley::message {

/// A number for a description: FNV-1a (Fowler, Noll, Vo), 64 bits, begun with `os::layout_version`. Two programs whose
/// numbers differ must not share an object.
[[nodiscard]] constexpr std::uint64_t fingerprint(std::string_view description) noexcept {
    constexpr std::uint64_t prime = 0x100000001b3;
    std::uint64_t hash = 0xcbf29ce484222325;
    for (unsigned shift = 0; shift < 32; shift += 8) {
        hash = (hash ^ ((os::layout_version >> shift) & 0xffU)) * prime;
    }
    for (const char character : description) {
        hash = (hash ^ static_cast<unsigned char>(character)) * prime;
    }
    return hash;
}

/// The number for the layout of a message alone.
template <sendable Message>
inline constexpr std::uint64_t fingerprint_of = fingerprint(layout_of<Message>);

}  // namespace parley::message
