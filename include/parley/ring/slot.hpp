#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include <parley/os/cpu.hpp>

namespace parley::ring {

/// A place for a message, and the number that says whose turn it is. The message first: 72 bytes of both together are
/// faster than 128, and than the number first.
///
/// `NumberFirst`: for large slots that mostly carry little. The number begins a line, and what little there is comes
/// with it: one line goes from core to core, where the number behind the slot's empty rest would be a second one.
template <std::size_t PayloadSize, std::size_t PayloadAlignment, template <class> class Atomic, bool NumberFirst>
struct slot {
    alignas(PayloadAlignment) std::array<std::byte, PayloadSize> payload;
    Atomic<std::uint64_t> sequence;
};

template <std::size_t PayloadSize, std::size_t PayloadAlignment, template <class> class Atomic>
struct slot<PayloadSize, PayloadAlignment, Atomic, true> {
    alignas(os::cache_line) Atomic<std::uint64_t> sequence;
    alignas(PayloadAlignment) std::array<std::byte, PayloadSize> payload;
};

}  // namespace parley::ring
