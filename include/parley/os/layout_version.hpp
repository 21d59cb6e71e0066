#pragma once

#include <cstdint>

namespace parley::os {

/// The version of everything that lies in shared memory. It goes up with every change that a program compiled before
/// that change would misread.
inline constexpr std::uint32_t layout_version = 2;

}  // namespace parley::os
