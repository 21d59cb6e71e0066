#pragma once

#include <algorithm>
#include <array>
#include <atomic>
#include <bit>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <new>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <parley/os/crash_point.hpp>
#include <parley/os/descriptor.hpp>
#include <parley/os/error.hpp>
#include <parley/os/file_lock.hpp>
#include <parley/os/huge_pages.hpp>
#include <parley/os/random.hpp>
#include <parley/pool/block.hpp>
#include <parley/pool/body_files.hpp>
#include <parley/pool/free_queue.hpp>
#include <parley/pool/size_classes.hpp>
#include <parley/pool/storage.hpp>
#include <parley/segment/extent.hpp>
#include <parley/segment/locks.hpp>

namespace parley {
namespace pool {

/// How many blocks there may be at most where each is mapped by itself, of the smallest class, and of each next one
/// half as many: a process may have 65,530 mappings (vm.max_map_count).
inline constexpr std::uint32_t most_mapped = std::uint32_t{1} << 14;

/// Where everything lies in the control segment, counted from the end of its body: the states of all blocks, then for
/// each class the queue of those that are free.
template <class Classes>
class control_of_many : public state_lines<Classes, most_mapped, true> {
    using base = state_lines<Classes, most_mapped, true>;

public:
    control_of_many(std::uint64_t limit, std::uint64_t) noexcept : base(limit), size_(base::end_of_states()) {
        for (std::size_t each = 0; each < Classes::count; ++each) {
            queues_[each] = size_;
            size_ = round_up(size_ + size_of_queue(each), page);
        }
    }

    [[nodiscard]] std::uint64_t size() const noexcept { return size_; }
    [[nodiscard]] std::uint64_t queue_of(std::size_t size_class) const noexcept { return queues_[size_class]; }
    /// Room for all, and for numbers that stand twice: of blocks that somebody found without the queue.
    [[nodiscard]] std::uint32_t slots(std::size_t size_class) const noexcept {
        return 2 * std::bit_ceil(base::blocks(size_class));
    }
    [[nodiscard]] std::size_t size_of_queue(std::size_t size_class) const noexcept {
        return free_queue::size_for(slots(size_class));
    }

private:
    std::array<std::uint64_t, Classes::count> queues_;
    std::uint64_t size_;
};

/// Each block's body is a segment of its own (pool/body_files.hpp), reserved when it is made, and mapped by a process
/// when it first has the block in hand. Senders take what the queue of free blocks gives them.
template <class Classes>
class in_many_segments : public control_area<control_of_many<Classes>> {
    using base = control_area<control_of_many<Classes>>;

public:
    using classes = Classes;
    using backing = backing_with_bodies;
    struct kept {
        std::atomic<std::uint32_t> settled{0};  ///< not 0: what pools of that name had left is cleared
    };
    /// Block by block: as long as there are few, and then where there is no free one.
    [[nodiscard]] std::uint64_t at_once() const noexcept { return 1; }
    [[nodiscard]] bool fills_huge_pages() const noexcept { return false; }

    template <class Segment>
    void join(const Segment& pool, const joining& how) {
        base::map(pool, how, false);
        how_ = how;
    }

    template <class Segment>
    void settle(const Segment& pool) noexcept {
        auto& settled = pool.body().kept.settled;
        if (settled.load(std::memory_order_relaxed) != 0) [[likely]] {
            return;
        }
        try {
            auto all = body_files::of(pool.path());
            std::erase_if(all, [&](const auto& each) { return each.mark == how_.mark; });
            if (backing::is_named(pool.file(), pool.path())) {
                body_files::remove(all);
            }
            PARLEY_CRASH_POINT("many segments: remains removed, pool not settled");
            settled.store(1, std::memory_order_relaxed);
        } catch (const std::exception&) {  // no memory for a list, or no descriptor: the next one has
        }
    }

    /// Throws `errc::corrupt` for a body that is not there as it should be, `errc::closed` where the pool is gone, and
    /// otherwise as the kernel says.
    template <class Segment>
    [[nodiscard]] std::byte* bytes_of(const Segment& pool, block which) {
        auto& mine = bodies_[which.size_class];
        if (which.index >= mine.size() || mine[which.index].get_address() == nullptr) [[unlikely]] {
            map_body(pool, which);
        }
        return static_cast<std::byte*>(mine[which.index].get_address());
    }

    /// Throws `errc::closed` where the pool has lost its name.
    template <class Segment>
    void reserve(const Segment& pool, block first, std::uint32_t count) const {
        if (!backing::is_named(pool.file(), pool.path())) {
            throw_gone(pool);
        }
        base::reserve_states(pool, first, count);
        if (first.index == 0) {
            base::reserve_part(pool, base::layout().queue_of(first.size_class),
                               base::layout().size_of_queue(first.size_class));
        }
        for (std::uint32_t each = 0; each < count; ++each) {
            make_body(pool, {first.size_class, first.index + each});
        }
    }

    void freed(block which) noexcept {
        PARLEY_CRASH_POINT("many segments: block free, not in the queue");
        queue_of(which.size_class).push(which.index);
    }

    [[nodiscard]] std::optional<std::uint32_t> next_free(std::size_t size_class) noexcept {
        return queue_of(size_class).pop();
    }

private:
    [[nodiscard]] free_queue queue_of(std::size_t size_class) const noexcept {
        return {base::base() + base::layout().queue_of(size_class), base::layout().slots(size_class)};
    }

    template <class Segment>
    [[noreturn]] static void throw_gone(const Segment& pool) {
        throw_error(errc::closed,
                    pool.path() +
                        " is closed: it was removed, or its owner has gone; open the channel again when a new "
                        "one exists");
    }

    /// Not 0 from when its body's file is made on: a part of that file's name (pool/body_files.hpp). Relaxed: who
    /// counts the block makes it visible.
    [[nodiscard]] std::atomic<std::uint32_t>& token_of(block which) const noexcept {
        return *std::launder(reinterpret_cast<std::atomic<std::uint32_t>*>(base::beside_state_of(which)));
    }

    template <class Segment>
    [[nodiscard]] std::string path_of(const Segment& pool, block which) const {
        return body_files::path(pool.path(), how_.mark, which, token_of(which).load(std::memory_order_relaxed));
    }

    /// Makes the file of a block that is not counted yet.
    template <class Segment>
    void make_body(const Segment& pool, block which) const {
        struct ::stat like {};
        if (::fstat(pool.file(), &like) != 0) {
            os::throw_system(errno, "asking for the permissions of " + pool.path());
        }
        constexpr int attempts = 8;  // nobody else makes one now, but for who means ill
        for (int attempt = 0; attempt < attempts; ++attempt) {
            auto& token = token_of(which);
            if (token.load(std::memory_order_relaxed) == 0) {
                token.store(os::random_number<std::uint32_t>() | 1, std::memory_order_relaxed);
            }
            const auto path = path_of(pool, which);
            const auto made = backing::create(path, like.st_mode & 07777, classes::size_of(which.size_class),
                                              [&](int file) { give_to_owner_of(like, file); });
            if (made) {
                return;
            }
            // Left by one who was killed before it was counted. Where that was another user, there are other names.
            if (::unlink(path.c_str()) != 0 && errno != ENOENT) {
                token.store(0, std::memory_order_relaxed);
            }
        }
        throw_error(errc::permission_denied, "files are in the way of the next block of " + pool.path() +
                                                 ", and this process may not remove them");
    }

    /// As far as this process may: whoever may use the pool may use its bodies.
    static void give_to_owner_of(const struct ::stat& pool, int file) noexcept {
        struct ::stat own {};
        if (::fstat(file, &own) == 0 && (own.st_uid != pool.st_uid || own.st_gid != pool.st_gid) &&
            ::fchown(file, pool.st_uid, pool.st_gid) != 0) {
            static_cast<void>(::fchown(file, own.st_uid, pool.st_gid) == 0);
        }
    }

    template <class Segment>
    [[gnu::cold, gnu::noinline]] void map_body(const Segment& pool, block which) {
        auto& mine = bodies_[which.size_class];
        if (which.index >= mine.size()) {
            mine.resize(which.index + 1);
        }
        const auto path = path_of(pool, which);
        const auto size = classes::size_of(which.size_class);
        const int how = how_.access == segment::access::read_only ? O_RDONLY : O_RDWR;
        const os::descriptor file{
            os::uninterrupted([&] { return ::open(path.c_str(), how | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK); })};
        const int reason = errno;
        // A pool that is open after that had its name all the while, and the file is its own.
        if (pool.closed() != segment::closing::open) {
            throw_gone(pool);
        }
        if (!file && reason != ENOENT) {
            os::throw_system(reason, "opening " + path, "its permissions, or the limit of open files (ulimit -n)");
        }
        if (!file) {
            const os::byte_guard whole(pool.file(), segment::locks::growth);  // nobody is just removing it
            if (!backing::is_named(pool.file(), pool.path())) {
                throw_gone(pool);
            }
        }
        struct ::stat status {};
        if (!file || ::fstat(file.get(), &status) != 0 || !S_ISREG(status.st_mode) ||
            static_cast<std::uint64_t>(status.st_size) < size) {
            throw_error(errc::corrupt, path + " is " + (file ? "cut short, or no file" : "missing") +
                                           ", though its block is in use; remove the channel");
        }
        const auto there = segment::mappable::file(file.get());
        if (how_.huge_pages && size >= os::huge_page) {
            mine[which.index] = segment::map_region_hugely(there, 0, size, how_.access);
            os::make_huge_pages(mine[which.index].get_address(), size / os::huge_page * os::huge_page);
        } else {
            mine[which.index] = segment::map_region(there, 0, size, how_.access);
        }
    }

    std::array<std::vector<segment::region>, classes::count> bodies_;  ///< as far as this process has used them
    joining how_;
};

}  // namespace pool

/// The body of each block is a segment of its own, which a process maps when it first has the block in hand; the
/// numbers of free blocks are handed out from a queue: `map_by<many_segments>`.
///
/// A process maps only what it uses, and no stretch of addresses as large as the pool is needed. The first use of each
/// block in each process is some system calls; sizes are rounded up to pages. Of each size there are soon 256 KiB, of
/// large ones up to 4 MiB, and more when these are in use. A message whose block a receiver cannot map, for a
/// limit of open files or of mappings, is dropped with the error that says so; and once a channel is removed, so are
/// messages in blocks not mapped before.
struct many_segments {
    static constexpr std::string_view name = "many_segments";
    static constexpr bool implied = false;
    static constexpr bool names_blocks = true;
    static constexpr std::size_t alignment = pool::page;  ///< of blocks, in bytes

    template <class Classes>
    using storage = pool::in_many_segments<Classes>;
};

}  // namespace parley
