#pragma once

#include <cerrno>
#include <cstddef>
#include <cstdint>

#include <sys/mman.h>
#include <unistd.h>

/// Huge pages for memory that several processes map: 2 MiB each, on x86-64 and on arm64 with pages of 4 KiB. Where the
/// kernel has none, or has them of another size, all of this does nothing, and what is mapped has ordinary pages.

namespace parley::os {

inline constexpr std::size_t huge_page = std::size_t{1} << 21;

/// Addresses at which huge pages of a file can be mapped: `size` bytes from `offset` on fall there as far behind a
/// boundary of huge pages as they do in the file. Kept free until something is mapped over all of them.
class room_for_huge_pages {
public:
    room_for_huge_pages(std::size_t size, std::uint64_t offset) noexcept : size_(in_pages(size)) {
        constexpr int flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE;
        auto* all = ::mmap(nullptr, size_ + huge_page, PROT_NONE, flags, -1, 0);
        if (all == MAP_FAILED) {
            return;
        }
        const auto ahead = static_cast<std::size_t>(offset - reinterpret_cast<std::uintptr_t>(all)) % huge_page;
        begin_ = static_cast<std::byte*>(all) + ahead;
        free(static_cast<std::byte*>(all), ahead);
        free(begin_ + size_, huge_page - ahead);
    }
    room_for_huge_pages(const room_for_huge_pages&) = delete;
    room_for_huge_pages& operator=(const room_for_huge_pages&) = delete;
    ~room_for_huge_pages() {
        if (begin_ != nullptr) {
            free(begin_, size_);
        }
    }

    /// Null where there are no such addresses.
    [[nodiscard]] void* begin() const noexcept { return begin_; }

    /// They are in use.
    void release() noexcept { begin_ = nullptr; }

private:
    [[nodiscard]] static std::size_t in_pages(std::size_t size) noexcept {
        const auto page = static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
        return (size + page - 1) / page * page;
    }

    static void free(std::byte* begin, std::size_t size) noexcept {
        if (size != 0) {
            ::munmap(begin, size);
        }
    }

    std::byte* begin_ = nullptr;
    std::size_t size_;
};

/// Asks for huge pages where memory is first used (madvise(2)), which the kernel grants for shared memory as
/// /sys/kernel/mm/transparent_hugepage/shmem_enabled says.
inline void prefer_huge_pages(void* begin, std::size_t size) noexcept { ::madvise(begin, size, MADV_HUGEPAGE); }

/// Makes huge pages of memory that is reserved, whatever the kernel does by itself (Linux 6.1). Both bounds are
/// boundaries of huge pages.
inline void make_huge_pages(void* begin, std::size_t size) noexcept {
    constexpr int collapse = 25;  // MADV_COLLAPSE, which older headers do not know
    constexpr int attempts = 4;   // one in some thousands finds a page that the kernel has in hand for a moment
    for (int attempt = 0; attempt < attempts; ++attempt) {
        if (::madvise(begin, size, collapse) == 0 || errno != EAGAIN) {
            return;
        }
    }
}

}  // namespace parley::os
