#pragma once

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <new>
#include <string>
#include <string_view>

#include <unistd.h>

#include <parley/os/error.hpp>
#include <parley/os/file_size.hpp>
#include <parley/pool/block.hpp>
#include <parley/pool/size_classes.hpp>
#include <parley/segment/extent.hpp>
#include <parley/segment/segment.hpp>

/// Who stores the blocks of a pool.
///
/// The control segment of a pool is the same for all: who takes part, and the state of each block, which alone decides
/// who has it. Where the bodies of the blocks lie is a policy. It is chosen by a word, `one_segment` or
/// `many_segments`, with
/// - a `name`, and `implied`: whether descriptions leave it out;
/// - `names_blocks`: whether blocks have names that are made from the pool's;
/// - `alignment`: sizes of blocks are multiples of it;
/// - `storage<Classes>`: one process's hold on the blocks of a pool.
///
/// A storage
/// - says `backing`: how the pool's name is found, made and taken away; and `kept`: what it keeps in the pool's body;
/// - `join`s at the gate, and may `settle` when the pool has its name;
/// - says `at_once`: how many bytes of blocks are added at a time, and whether that `fills_huge_pages`;
/// - has `blocks(size_class)`, `state_of(block)`, and `bytes_of(segment, block)`: noexcept where it cannot fail;
/// - `reserve`s the memory of new blocks, with the growth lock held, before they are counted;
/// - is told when a block has become free: `freed`. If it has `next_free(size_class)`, that may be one, and senders ask
///   for it when there is enough to go round, or the pool half used up; otherwise they look where they have been before
///   (pool/lender.hpp).

namespace parley::pool {

/// A word for who stores the blocks.
template <class Word>
concept storage_word = requires {
    std::string_view{Word::name};
    Word::implied;
    Word::names_blocks;
    Word::alignment;
    typename Word::template storage<size_classes<1, Word::alignment, true>>;
};

/// How many bytes of blocks are added at a time.
inline constexpr std::uint64_t added_at_once = 262144;

/// A sender goes round the blocks that there are. Of blocks of this size there had better be so many bytes: of large
/// ones more than a core's first cache has, and of the largest more than its second. A block that comes back at once is
/// still in the cache of the core that read it last, and from there each line comes over by itself. Measured: of
/// several that hold 128 KiB or more a block of 32 to 128 KiB takes two thirds of the time (Xeon); one of 256 KiB to 1
/// MiB half of it, where there are 4 MiB (EPYC). Small ones gain nothing, and a few leave more of the caches to others:
/// four to each sender, or as many as are in use at a time.
[[nodiscard]] constexpr std::uint64_t enough_to_go_round(std::uint64_t size) noexcept {
    constexpr std::uint64_t large = 16384;
    constexpr std::uint64_t most = 4194304;
    return size < large ? 4 * size : std::min(16 * size, most);
}

/// What a process needs to know that joins, and what it asks for.
struct joining {
    std::uint64_t limit = 0;                              ///< bytes for all blocks, as agreed
    std::uint32_t mark = 0;                               ///< the pool's number
    segment::access access = segment::access::read_only;  ///< to the bodies
    bool huge_pages = false;
    bool may_grow = true;  ///< the file; else it must have its whole length
};

/// What all storages have: the part of the control segment behind the pool's body, where the states are. `Layout` says
/// where.
template <class Layout>
class control_area {
public:
    static constexpr std::uint32_t fewest_blocks = Layout::fewest_blocks;

    [[nodiscard]] std::uint32_t blocks(std::size_t size_class) const noexcept { return layout_.blocks(size_class); }

    [[nodiscard]] std::atomic<std::uint64_t>& state_of(block which) const noexcept {
        return *std::launder(reinterpret_cast<state_word*>(base() + layout_.state_of(which)));
    }

protected:
    using state_word = std::atomic<std::uint64_t>;

    control_area() noexcept : layout_(0, 0) {}

    /// Maps it. Sparse: takes no memory. So long that no block is beyond the end, where an access would be SIGBUS.
    template <class Segment>
    void map(const Segment& pool, const joining& how, bool huge_pages) {
        using files = typename Segment::backing_type;
        layout_ = Layout{how.limit, first_page<Segment>};
        const auto end = first_page<Segment> + layout_.size();
        if (!how.may_grow && files::size(pool.file()) < end) {
            throw_error(errc::corrupt, pool.path() + " is shorter than it says; remove the channel");
        }
        if (files::size(pool.file()) < end) {
            const auto what = "giving " + pool.path() + " a length of " + std::to_string(end) + " bytes";
            os::check_file_size(end, what);
            if (::ftruncate(pool.file(), static_cast<::off_t>(end)) != 0) {
                os::throw_system(errno, what, os::file_size_remedy);
            }
        }
        const auto size = static_cast<std::size_t>(layout_.size());
        area_ = huge_pages ? segment::map_region_hugely(segment::mappable::file(pool.file()), first_page<Segment>, size,
                                                        segment::access::read_write)
                           : files::map(pool.file(), {1, first_page<Segment>, size});
    }

    /// Reserves memory for the states of new blocks.
    template <class Segment>
    void reserve_states(const Segment& pool, block first, std::uint32_t count) const {
        reserve_part(pool, layout_.state_of(first), std::uint64_t{count} * os::cache_line);
    }

    template <class Segment>
    void reserve_part(const Segment& pool, std::uint64_t offset, std::uint64_t size) const {
        const auto begin = offset / page * page;
        const auto end = round_up(offset + size, page);
        Segment::backing_type::reserve(pool.file(),
                                       {1, first_page<Segment> + begin, static_cast<std::size_t>(end - begin)},
                                       pool.permissions(), "messages in " + pool.path());
    }

    /// Behind the state of a block, in its line: room for a word of the storage's own.
    [[nodiscard]] std::byte* beside_state_of(block which) const noexcept {
        return base() + layout_.state_of(which) + sizeof(state_word);
    }

    [[nodiscard]] const Layout& layout() const noexcept { return layout_; }
    [[nodiscard]] std::byte* base() const noexcept { return static_cast<std::byte*>(area_.get_address()); }

private:
    template <class Segment>
    static constexpr std::uint64_t first_page = round_up(segment::whole_size<typename Segment::body_type>,
                                                         largest_page);

    segment::region area_;
    Layout layout_;
};

}  // namespace parley::pool
