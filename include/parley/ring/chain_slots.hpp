#pragma once

#include <array>
#include <atomic>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <utility>

#include <parley/os/cpu.hpp>
#include <parley/os/crash_point.hpp>
#include <parley/os/error.hpp>
#include <parley/os/smaller.hpp>
#include <parley/ring/slot.hpp>
#include <parley/ring/ticket.hpp>
#include <parley/segment/extent.hpp>

/// Slots without an end, for unbounded channels: chunks linked one after another, each twice the last up to a limit.
///
/// Ticket t has slot t, for ever: where it lies follows from t by arithmetic. What exists of that endless row is a
/// window: a sender that comes to the end of the last chunk adds the next extent to the segment (in a file, beyond
/// what is there), a receiver that comes to the end of a chunk gives back every earlier one that nobody looks at any
/// more. The segment is as large as its backlog; running out of memory is `errc::no_space` for the sender.
///
/// Growing and giving back happen under a lock that the kernel releases. A grower that dies before it counts its chunk
/// has done nothing: the next one reserves and numbers the same chunk again.

namespace parley::ring {

/// `Extents` adds, maps and frees parts of the segment for one process (segment/extents.hpp).
template <std::size_t PayloadSize, std::size_t PayloadAlignment, class Extents, template <class> class Atomic,
          bool NumberFirst = false>
class chain_slots {
public:
    using slot = ring::slot<PayloadSize, PayloadAlignment, Atomic, NumberFirst>;

    class view;

private:
    static constexpr std::size_t granule = std::size_t{64} * 1024;  // at least the page size of every machine
    static constexpr std::uint64_t first_slots = os::larger<std::size_t>(granule / sizeof(slot), 8);
    static constexpr std::uint64_t doublings = 6;  // from 64 KiB to 4 MiB, for messages up to some kilobytes

    struct chunk {
        std::uint64_t index;
        std::uint64_t first;  ///< its first ticket
        std::uint64_t slots;
    };

    [[nodiscard]] static constexpr std::uint64_t slots_in(std::uint64_t index) noexcept {
        return first_slots << os::smaller(index, doublings);
    }

    [[nodiscard]] static constexpr chunk chunk_of(std::uint64_t ticket) noexcept {
        constexpr std::uint64_t doubled = first_slots * ((std::uint64_t{1} << doublings) - 1);
        if (ticket < doubled) {
            const auto index = static_cast<std::uint64_t>(std::bit_width(ticket / first_slots + 1) - 1);
            return {index, first_slots * ((std::uint64_t{1} << index) - 1), slots_in(index)};
        }
        const auto index = doublings + (ticket - doubled) / slots_in(doublings);
        return {index, doubled + (index - doublings) * slots_in(doublings), slots_in(doublings)};
    }

    [[nodiscard]] static constexpr std::size_t rounded(std::size_t bytes) noexcept {
        return (bytes + granule - 1) / granule * granule;
    }

    /// Extent 0 of a segment is its fixed part; chunk k is extent k + 1.
    [[nodiscard]] static constexpr segment::extent extent_of(std::uint64_t index, std::size_t fixed_part) noexcept {
        std::uint64_t offset = rounded(fixed_part);
        for (std::uint64_t earlier = 0; earlier < os::smaller(index, doublings); ++earlier) {
            offset += rounded(slots_in(earlier) * sizeof(slot));
        }
        const auto size = rounded(slots_in(index) * sizeof(slot));
        if (index > doublings) {
            offset += (index - doublings) * size;
        }
        return {index + 1, offset, size};
    }

    alignas(os::cache_line) Atomic<std::uint64_t> ready_{0};  ///< chunks below this have been made
    Atomic<std::uint64_t> over_{0};                           ///< nobody may look at chunks below this
    Atomic<std::uint64_t> freed_{0};                          ///< chunks below this have been given back
};

/// A process's view of the slots: the chunks that it has mapped.
template <std::size_t PayloadSize, std::size_t PayloadAlignment, class Extents, template <class> class Atomic,
          bool NumberFirst>
class chain_slots<PayloadSize, PayloadAlignment, Extents, Atomic, NumberFirst>::view {
public:
    static constexpr bool looks_ahead = false;  // that would cost a look for the slot's chunk

    view(chain_slots& shared, Extents extents) : shared_(&shared), extents_(std::move(extents)) {}

    /// The slot of `ticket`; null if it has not been made yet, or no longer exists.
    [[nodiscard]] slot* at(std::uint64_t ticket) {
        if (ticket - current_.first >= current_.count && !select(ticket)) {
            return nullptr;
        }
        return current_.slots + (ticket - current_.first);
    }

    /// Makes sure that the slot of `ticket`, the next to be sent, exists. Throws `errc::no_space`.
    void prepare(std::uint64_t ticket) {
        if (ticket - current_.first < current_.count) {
            return;
        }
        const auto wanted = chunk_of(ticket);
        if (wanted.index < shared_->ready_.load(std::memory_order_acquire)) {
            return;
        }
        const auto guard = extents_.lock_growth();
        const auto ready = shared_->ready_.load(std::memory_order_acquire);
        if (wanted.index < ready) {
            return;
        }
        if (wanted.index > ready) {
            throw_error(errc::corrupt, "an unbounded channel's counter is beyond its chunks");
        }
        const auto part = extent_of(wanted.index, extents_.fixed_part());
        extents_.reserve(part);
        PARLEY_CRASH_POINT("chain: chunk reserved, not numbered");
        const auto memory = extents_.map(part);
        auto* slots = static_cast<slot*>(memory.get_address());
        for (std::uint64_t index = 0; index < wanted.slots; ++index) {
            slots[index].sequence.store(slot_state::free_for(wanted.first + index), std::memory_order_relaxed);
        }
        PARLEY_CRASH_POINT("chain: chunk numbered, not counted");
        shared_->ready_.store(wanted.index + 1, std::memory_order_release);
    }

    /// A claim stays within a chunk, so that its slots stay mapped together.
    [[nodiscard]] static std::size_t together(std::uint64_t first, std::size_t wanted) noexcept {
        const auto within = chunk_of(first);
        return static_cast<std::size_t>(os::smaller<std::uint64_t>(wanted, within.first + within.slots - first));
    }

    static constexpr std::uint64_t after(std::uint64_t ticket) noexcept { return slot_state::consumed(ticket); }
    static constexpr std::uint64_t predecessor(std::uint64_t) noexcept { return no_ticket; }

    /// Whether a chunk ends before `ticket`.
    [[nodiscard]] static bool ends_chunk(std::uint64_t ticket) noexcept { return chunk_of(ticket).first == ticket; }

    /// Gives back the chunks wholly before `ticket` for which not `in_use(first ticket, last ticket + 1)`.
    template <class InUse>
    void reclaim(std::uint64_t ticket, InUse in_use) {
        const auto end = chunk_of(ticket).index;
        if (shared_->freed_.load(std::memory_order_relaxed) >= end) {
            return;
        }
        const auto guard = extents_.lock_growth();
        for (auto index = shared_->freed_.load(std::memory_order_relaxed); index < end; ++index) {
            const auto first = first_of(index);
            if (in_use(first, first + slots_in(index))) {
                return;
            }
            shared_->over_.store(index + 1, std::memory_order_release);
            PARLEY_CRASH_POINT("chain: chunk over, not given back");
            extents_.discard(extent_of(index, extents_.fixed_part()));
            PARLEY_CRASH_POINT("chain: chunk given back, not counted");
            shared_->freed_.store(index + 1, std::memory_order_release);
        }
    }

private:
    struct mapping {
        std::uint64_t first = 0;
        std::uint64_t count = 0;
        slot* slots = nullptr;
    };

    [[nodiscard]] static constexpr std::uint64_t first_of(std::uint64_t index) noexcept {
        const auto doubled = first_slots * ((std::uint64_t{1} << os::smaller(index, doublings)) - 1);
        return index <= doublings ? doubled : doubled + (index - doublings) * slots_in(doublings);
    }

    /// Makes the chunk of `ticket` the current one.
    [[nodiscard]] bool select(std::uint64_t ticket) {
        const auto wanted = chunk_of(ticket);
        for (std::size_t index = 0; index < kept; ++index) {
            if (maps_[index].count != 0 && maps_[index].first == wanted.first) {
                current_ = maps_[index];
                return true;
            }
        }
        if (wanted.index >= shared_->ready_.load(std::memory_order_acquire) ||
            wanted.index < shared_->over_.load(std::memory_order_acquire)) {
            return false;
        }
        auto memory = extents_.try_map(extent_of(wanted.index, extents_.fixed_part()));
        if (memory.get_address() == nullptr) {
            if (wanted.index < shared_->over_.load(std::memory_order_acquire)) {
                return false;  // given back in this moment
            }
            if (extents_.removed()) {
                return false;  // with the segment
            }
            throw_error(errc::corrupt, "a chunk of an unbounded channel is missing");
        }
        const auto place = next_;
        next_ = (next_ + 1) % kept;
        maps_[place] = {wanted.first, wanted.slots, static_cast<slot*>(memory.get_address())};
        memory_[place] = std::move(memory);
        current_ = maps_[place];
        return true;
    }

    static constexpr std::size_t kept = 4;

    chain_slots* shared_;
    Extents extents_;
    mapping current_;
    std::array<mapping, kept> maps_{};
    std::array<segment::region, kept> memory_;
    std::size_t next_ = 0;
};

}  // namespace parley::ring
