#pragma once

#include <cstdint>

/// Which byte of a segment's file is locked for what (os/file_lock.hpp).

namespace parley::segment::locks {

inline constexpr std::uint32_t gate = 0;       ///< attaching, detaching, removing: one at a time
inline constexpr std::uint32_t owner = 1;      ///< held by the owner of a channel with owner_lifetime
inline constexpr std::uint32_t recovery = 2;   ///< giving a dead receiver's message to another: one at a time
inline constexpr std::uint32_t growth = 3;     ///< adding and freeing extents: one at a time
inline constexpr std::uint32_t senders = 8;    ///< shared by every handle through which a process may send
inline constexpr std::uint32_t receivers = 9;  ///< and receive: how an anonymous channel knows that nobody is left

inline constexpr std::uint32_t sender_places = 0x100;    ///< one byte for each sender's place
inline constexpr std::uint32_t receiver_places = 0x200;  ///< one byte for each receiver's place

}  // namespace parley::segment::locks
