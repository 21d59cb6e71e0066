#pragma once

#include <cstdint>

namespace parley::os {

/// The version of everything that processes share: of what lies in memory, and of what they say through the kernel. It
/// goes up with every change that a program compiled before that change would misread. Programs whose versions are
/// equal are compatible, all others are not: they refuse each other (`errc::incompatible`), and the channel goes on for
/// those who have it.
inline constexpr std::uint32_t layout_version =
#ifdef PARLEY_LAYOUT_VERSION_FOR_TESTS  // of how two versions meet
    PARLEY_LAYOUT_VERSION_FOR_TESTS;
#else
    8;
#endif

}  // namespace parley::os
