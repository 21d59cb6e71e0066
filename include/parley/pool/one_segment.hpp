#pragma once

#include <array>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

#include <sys/mman.h>

#include <parley/os/error.hpp>
#include <parley/os/huge_pages.hpp>
#include <parley/pool/block.hpp>
#include <parley/pool/body.hpp>
#include <parley/pool/size_classes.hpp>
#include <parley/pool/storage.hpp>
#include <parley/segment/extent.hpp>

namespace parley {
namespace pool {

/// Where everything of a pool in one segment lies, counted from the end of its body: first the states of all blocks,
/// which everybody writes, then the blocks, which receivers only read. Where those of a class may take a huge page or
/// more they begin at a boundary of huge pages in the file: whether anybody asks for these or not, all agree on that.
template <class Classes>
class one_area : public state_lines<Classes, std::uint32_t{1} << block::index_bits, false> {
    using base = state_lines<Classes, std::uint32_t{1} << block::index_bits, false>;

public:
    /// `begin`: where in the file that is.
    one_area(std::uint64_t limit, std::uint64_t begin) noexcept : base(limit) {
        auto offset = bodies_ = round_up(base::end_of_states(), largest_page);
        for (std::size_t each = 0; each < Classes::count; ++each) {
            const auto size = std::uint64_t{base::blocks(each)} * Classes::size_of(each);
            may_be_huge_[each] = size >= os::huge_page;
            if (may_be_huge_[each]) {
                offset = round_up(begin + offset, os::huge_page) - begin;
            }
            bodies_of_[each] = offset;
            offset = round_up(offset + size, page);
        }
        size_ = offset;
    }

    [[nodiscard]] std::uint64_t size() const noexcept { return size_; }
    /// Where the blocks begin, on a page of their own on every machine.
    [[nodiscard]] std::uint64_t bodies() const noexcept { return bodies_; }

    [[nodiscard]] std::uint64_t body_of(block which) const noexcept {
        return bodies_of_[which.size_class] + which.index * std::uint64_t{Classes::size_of(which.size_class)};
    }

    /// Where the huge pages begin and end that are whole when `count` blocks from `first` on come to those before them.
    [[nodiscard]] std::pair<std::uint64_t, std::uint64_t> huge_pages(block first, std::uint32_t count) const noexcept {
        const auto all = bodies_of_[first.size_class];
        if (!may_be_huge_[first.size_class]) {
            return {all, all};
        }
        const auto whole = [](std::uint64_t size) { return size / os::huge_page * os::huge_page; };
        const auto size = std::uint64_t{Classes::size_of(first.size_class)};
        return {all + whole(first.index * size), all + whole((first.index + std::uint64_t{count}) * size)};
    }

private:
    std::array<std::uint64_t, Classes::count> bodies_of_;
    std::array<bool, Classes::count> may_be_huge_{};
    std::uint64_t bodies_ = 0;
    std::uint64_t size_ = 0;
};

/// The blocks of a pool beside each other in its one segment: mapped once, reserved as they are first used.
template <class Classes>
class in_one_segment : public control_area<one_area<Classes>> {
    using base = control_area<one_area<Classes>>;

public:
    using classes = Classes;
    using backing = pool::backing;
    struct kept {};

    [[nodiscard]] std::uint64_t at_once() const noexcept { return huge_pages_ ? os::huge_page : added_at_once; }
    [[nodiscard]] bool fills_huge_pages() const noexcept { return huge_pages_; }

    template <class Segment>
    void join(const Segment& pool, const joining& how) {
        huge_pages_ = how.huge_pages;
        base::map(pool, how, huge_pages_);
        const auto states = base::layout().bodies();
        if (how.access == segment::access::read_only &&
            ::mprotect(base::base() + states, static_cast<std::size_t>(base::layout().size() - states), PROT_READ) !=
                0) {
            os::throw_system(errno, "making the messages in " + pool.path() + " read-only");
        }
    }
    template <class Segment>
    void settle(const Segment&) noexcept {}

    template <class Segment>
    [[nodiscard]] std::byte* bytes_of(const Segment&, block which) noexcept {
        return base::base() + base::layout().body_of(which);
    }

    template <class Segment>
    void reserve(const Segment& pool, block first, std::uint32_t count) const {
        base::reserve_states(pool, first, count);
        base::reserve_part(pool, base::layout().body_of(first),
                           count * std::uint64_t{classes::size_of(first.size_class)});
        if (huge_pages_) {
            const auto [begin, end] = base::layout().huge_pages(first, count);
            if (begin != end) {
                os::make_huge_pages(base::base() + begin, static_cast<std::size_t>(end - begin));
            }
        }
    }

    void freed(block) noexcept {}

private:
    bool huge_pages_ = false;
};

}  // namespace pool

/// The blocks of a pool lie in one segment, each process maps it once, and each sender goes round the blocks that it
/// has used: `map`.
struct one_segment {
    static constexpr std::string_view name = "one_segment";
    static constexpr bool implied = true;
    static constexpr bool names_blocks = false;
    static constexpr std::size_t alignment = 1;  ///< of blocks, in bytes

    template <class Classes>
    using storage = pool::in_one_segment<Classes>;
};

}  // namespace parley
