#pragma once

#include <cstddef>
#include <utility>

#include <sys/types.h>

#include <parley/os/error.hpp>
#include <parley/os/file_lock.hpp>
#include <parley/segment/extent.hpp>
#include <parley/segment/locks.hpp>

namespace parley::segment {

/// How one process adds to, maps and frees the parts of a growing segment. Refers to the segment's descriptor, which
/// must outlive it.
template <class Backing>
class extents {
public:
    /// `lane`: which of the segment's (at most two) rows of extents, each with numbers and offsets of its own.
    extents(int file, std::size_t fixed_part, ::mode_t permissions, unsigned lane = 0) noexcept
        : file_(file), fixed_part_(fixed_part), permissions_(permissions), lane_(lane) {}

    /// Bytes of extent 0.
    [[nodiscard]] std::size_t fixed_part() const noexcept { return fixed_part_; }

    /// Excludes other growers; released by the kernel if the holder dies.
    [[nodiscard]] os::byte_guard lock_growth() const { return os::byte_guard{file_, locks::growth}; }

    void reserve(const extent& part) const {
        Backing::reserve(file_, in_lane(part), permissions_, "an unbounded channel");
    }

    [[nodiscard]] region map(const extent& part) const { return Backing::map(file_, in_lane(part)); }

    /// An empty region when the part does not exist (any more).
    [[nodiscard]] region try_map(const extent& part) const {
        const auto there = in_lane(part);
        try {
            return Backing::holds(file_, there) ? Backing::map(file_, there) : region{};
        } catch (const error&) {
            return region{};
        }
    }

    /// Whether the segment was removed, and its extents with it.
    [[nodiscard]] bool removed() const { return !Backing::complete(file_); }

    void discard(const extent& part) const noexcept { Backing::discard(file_, in_lane(part)); }

private:
    [[nodiscard]] extent in_lane(const extent& part) const noexcept {
        constexpr std::uint64_t lane_width = std::uint64_t{1} << 40;  // of a sparse file; nobody has such a backlog
        return {(part.index - 1) * 2 + 1 + lane_, part.offset + lane_ * lane_width, part.size};
    }

    int file_;
    std::size_t fixed_part_;
    ::mode_t permissions_;
    unsigned lane_;
};

}  // namespace parley::segment
