#pragma once

#include <algorithm>
#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <numeric>
#include <utility>
#include <vector>

#include <parley/os/clock.hpp>
#include <parley/os/cpu.hpp>
#include <parley/os/crash_point.hpp>
#include <parley/os/fence.hpp>
#include <parley/pool/block.hpp>
#include <parley/pool/member.hpp>
#include <parley/pool/storage.hpp>
#include <parley/transport/death_notice.hpp>
#include <parley/transport/memory/ring_engine.hpp>
#include <parley/wait/parking_lot.hpp>

namespace parley::pool {

/// A sender's hold on the pool: finds a block, and follows it until the link has the reference (pool/member.hpp tells
/// the steps). One block at a time.
template <class Traits>
class lender : public member<Traits, true> {
    using base = member<Traits, true>;

public:
    using classes = typename Traits::classes;

    lender(const segment::attachment_request& request, std::uint64_t limit) : base(request, limit) {}
    explicit lender(const nameless& pool) : base(pool) {}
    lender(const lender&) = delete;
    lender& operator=(const lender&) = delete;

    ~lender() {
        if (has_next_ && !this->segment().inherited()) {
            put_back();
        }
    }

    /// Of the end of the channel the pool speaks as the link does, and only one of them. `bounded`: a sender that waits
    /// may have to wait for the link, too.
    void share_notice(transport::death_notice& notice, bool bounded) noexcept {
        notice_ = &notice;
        link_has_bound_ = bounded;
    }

    /// Takes a free block of at least `size` bytes in hand; where its bytes are, or null: there is none. Throws as
    /// `check_open`, and `errc::no_space` where there is no memory for the first block of its size; and as the storage
    /// of the blocks does where their bytes cannot be had.
    [[nodiscard]] std::byte* lend(std::size_t size) {
        const auto size_class = classes::class_for(size);
        if (!has_next(size_class) && !take_likely(size_class) && !take_new(size_class) && !take_any(size_class))
            [[unlikely]] {
            if (!take_scarce(size_class)) {
                check_open();
                return nullptr;
            }
        }
        waited_ = false;
        PARLEY_CRASH_POINT("pool: block taken, not written");
        return this->bytes_or(taken_.where, [this] { put_back(); });
    }

    /// Throws as `check_open` where the pool is known to be closed, though it may have free blocks.
    void check_known_open() {
        if (this->segment().closed() != segment::closing::open) [[unlikely]] {
            check_open();
        }
    }

    /// Bytes that the block in hand has room for.
    [[nodiscard]] std::size_t capacity() const noexcept { return classes::size_of(taken_.where.size_class); }

    /// The reference to the block in hand, whose first `length` bytes are written. From now on the link may have it.
    [[nodiscard]] block_reference hand_over(std::size_t length) noexcept {
        auto& line = this->own();
        // Release: who sees that this sender is on the way, or was, comes before what it puts into the link; and the
        // link makes the bytes visible to whom it gives the reference.
        line.passages.store(line.passages.load(std::memory_order_relaxed) + 1, std::memory_order_release);
        line.in_hand.store(holding::moved(record_, holding::step::sending), std::memory_order_release);
        std::atomic_thread_fence(std::memory_order_release);
        PARLEY_CRASH_POINT("pool: on the way, not in the link");
        taken_.length = length;
        return taken_;
    }

    /// The link has taken the reference: the block is no longer in this hand.
    void handed_over() noexcept {
        PARLEY_CRASH_POINT("pool: in the link, still in hand");
        arrive(0);
        if constexpr (!base::has_queue) {
            const auto sent = taken_.where.size_class;
            if (sent == std::exchange(last_sent_, sent)) {
                take_next(sent, static_cast<std::size_t>(taken_.length));
            }
        }
    }

    /// The link has not taken it: it is in hand as before.
    void keep() noexcept { arrive(record_); }

    /// Gives the block in hand back.
    void put_back() noexcept {
        static_cast<void>(this->free(taken_.where, taken_.generation));
        PARLEY_CRASH_POINT("pool: block given back, still in hand");
        this->own().in_hand.store(0, std::memory_order_release);
        this->say_freed();
    }

    /// Waits until a block may be free; false at the deadline. Throws as `check_open`.
    [[nodiscard]] bool wait(os::deadline until) requires Traits::sender_side::waits {
        auto& shared = this->body();
        bool look_again = false;
        bool slept = false;
        waited_ = true;
        const bool woken = waiting::wait_until(
            shared.lot, this->place(), until,
            [&] {
                if (shared.wanted.load(std::memory_order_relaxed) == 0) {
                    shared.wanted.store(1, std::memory_order_relaxed);  // another one had enough
                }
                return look_again || shared.freed.load(std::memory_order_acquire) != freed_seen_;
            },
            [&] {
                check_open();
                look_again = true;  // a block may have become free before anybody knew that it is wanted
            },
            slept);
        waited_ = woken;  // who was woken asks for a block next
        return woken;
    }

private:
    /// The blocks that this sender has used, oldest use first from `next` on: what a receiver is through with first.
    struct used {
        std::vector<std::uint32_t> blocks;
        std::size_t next = 0;
        bool is_whole = false;  ///< as many as one had better go round, or as the pool has room for

        void add(std::uint32_t first, std::uint32_t count) {
            make_room(count);
            const auto at = blocks.insert(blocks.begin() + static_cast<std::ptrdiff_t>(next), count, first);
            std::iota(at, at + static_cast<std::ptrdiff_t>(count), first);
            step(count);
        }
        /// So that `add` of so many cannot fail.
        void make_room(std::size_t count) {
            if (const auto size = blocks.size() + count; size > blocks.capacity()) {
                blocks.reserve(std::max(size, 2 * blocks.capacity()));
            }
        }
        void step(std::size_t count) noexcept {
            next += count;
            if (next >= blocks.size()) {
                next -= blocks.size();
            }
        }
    };

    void check_open() {
        const bool waited = std::exchange(waited_, false);
        base::check_open([&] { return notice_ == nullptr ? waited : notice_->is_due(waited || link_has_bound_); });
    }

    /// Takes the block of the next message, which will be as large as the last two were, while nobody waits for it. So
    /// its state has been written long before a receiver needs to see it, and may come over in advance
    /// (`borrower::expect_next`).
    ///
    /// Idle senders keep a quarter of the blocks at most: a sender does this where there are four for each place up to
    /// its own, and the lowest places are taken first.
    void take_next(std::uint32_t size_class, std::size_t length) noexcept {
        auto& mine = used_[size_class];
        if (mine.blocks.empty() || !mine.is_whole || 4 * (this->place() + 1) > this->usable(size_class)) {
            return;
        }
        if (take({size_class, mine.blocks[mine.next]})) [[likely]] {
            PARLEY_CRASH_POINT("pool: next block taken, nothing to write yet");
            mine.step(1);
            has_next_ = true;
            os::fetch_to_write(&this->state_of({size_class, mine.blocks[mine.next]}));
            os::fetch_to_fill(this->bytes_of(taken_.where), length);
        }
    }

    /// Whether the block in hand is of this class. Otherwise it is given back, if there is one.
    [[nodiscard]] bool has_next(std::size_t size_class) noexcept {
        if (!std::exchange(has_next_, false)) {
            return false;
        }
        if (taken_.where.size_class == size_class) [[likely]] {
            return true;
        }
        put_back();
        return false;
    }

    /// `record`: what is in hand after the passage.
    void arrive(std::uint64_t record) noexcept {
        auto& line = this->own();
        line.in_hand.store(record, std::memory_order_release);
        line.passages.store(line.passages.load(std::memory_order_relaxed) + 1, std::memory_order_release);
    }

    /// Takes this block if it is free. Acquire: comes after its last reader (T, to F in pool/member.hpp).
    [[nodiscard]] bool take(block which) noexcept {
        auto& there = this->state_of(which);
        auto word = there.load(std::memory_order_relaxed);
        auto found = state::of(word);
        if (found.busy) {
            return false;
        }
        ++found.generation;
        found.by = this->own().number.load(std::memory_order_relaxed);
        found.busy = true;
        record_ = holding{holding::step::writing, which, found.generation}.word();
        taken_ = {which, found.generation, this->mark(), 0};
        this->own().in_hand.store(record_, std::memory_order_release);
        PARLEY_CRASH_POINT("pool: block written down, not taken");
        // Release: whoever finds the block busy in this use finds it in this hand too, or past it.
        if (there.compare_exchange_strong(word, found.word(), std::memory_order_acq_rel, std::memory_order_relaxed)) {
            return true;
        }
        this->own().in_hand.store(0, std::memory_order_relaxed);
        return false;
    }

    /// Takes a block of this class from where one is most likely free.
    [[nodiscard]] bool take_likely(std::size_t size_class) {
        if constexpr (base::has_queue) {
            return (need_more(this->carved(size_class), size_class) && take_new(size_class)) || take_queued(size_class);
        } else {
            auto& mine = used_[size_class];
            if (!mine.is_whole) [[unlikely]] {
                if (need_more(mine.blocks.size(), size_class) && take_new(size_class)) {
                    return true;
                }
                mine.is_whole = !mine.blocks.empty();
            }
            return take_used_before(size_class);
        }
    }

    /// Whether so many blocks of a class had better be more, before any is used again; and the pool has room.
    [[nodiscard]] bool need_more(std::size_t count, std::size_t size_class) const noexcept {
        const auto size = std::uint64_t{classes::size_of(size_class)};
        return count * size < enough_to_go_round(size) && !this->is_half_full();
    }

    [[nodiscard]] bool take_queued(std::size_t size_class) noexcept requires base::has_queue {
        const auto count = this->carved(size_class);
        for (std::uint32_t look = 0; look < count; ++look) {  // what the queue names may be in use
            const auto index = this->next_free(size_class);
            if (!index) {
                return false;
            }
            PARLEY_CRASH_POINT("many segments: out of the queue, not taken");
            if (*index < this->carved(size_class) && take({static_cast<std::uint32_t>(size_class), *index}))
                [[likely]] {
                return true;
            }
        }
        return false;
    }

    [[nodiscard]] bool take_used_before(std::size_t size_class) noexcept {
        constexpr std::size_t looks = 4;  // several receivers give back in another order
        auto& mine = used_[size_class];
        const auto count = std::min(looks, mine.blocks.size());
        for (std::size_t look = 0; look < count; ++look) {
            const auto index = mine.blocks[mine.next];
            mine.step(1);
            if (take({static_cast<std::uint32_t>(size_class), index})) [[likely]] {
                return true;
            }
        }
        return false;
    }

    [[nodiscard]] bool take_new(std::size_t size_class) {
        if (at_limit_[size_class] || (this->short_of_memory() && !look_for_memory_.due())) {
            return false;
        }
        const auto made = this->carve(size_class);
        if (!made) {
            at_limit_[size_class] = !this->short_of_memory();  // what has been reserved stays reserved
            return false;
        }
        if constexpr (!base::has_queue) {
            used_[size_class].add(made->first, made->count);
        }
        return take({static_cast<std::uint32_t>(size_class), made->first});
    }

    /// When there is no free block: says so, and looks once more.
    [[nodiscard, gnu::cold, gnu::noinline]] bool take_scarce(std::size_t size_class) {
        auto& shared = this->body();
        freed_seen_ = shared.freed.load(std::memory_order_acquire);
        shared.lacked.store(1, std::memory_order_relaxed);
        if (shared.wanted.exchange(1, std::memory_order_seq_cst) == 0) {
            os::heavy_fence();  // who frees a block after this look says so
        }
        if (suspicion_.due() && this->free_what_the_dead_hold()) {
            this->say_freed();
        }
        return take_any(size_class);
    }

    /// Any free block of this class or a larger one, whoever used it before.
    [[nodiscard]] bool take_any(std::size_t smallest) {
        for (auto size_class = smallest; size_class < classes::count; ++size_class) {
            if constexpr (base::has_queue) {
                if (size_class != smallest && take_queued(size_class)) {
                    return true;
                }
            }
            const auto count = this->usable(size_class);
            auto& mine = used_[size_class];
            mine.make_room(1);
            for (std::uint32_t index = 0; index < count; ++index) {
                if (take({static_cast<std::uint32_t>(size_class), index})) {
                    if (!base::has_queue &&
                        std::find(mine.blocks.begin(), mine.blocks.end(), index) == mine.blocks.end()) {
                        mine.add(index, 1);
                    }
                    return true;
                }
            }
        }
        return false;
    }

    block_reference taken_;     ///< to what is in hand
    std::uint64_t record_ = 0;  ///< of it, before it is sent
    std::array<used, classes::count> used_;
    std::array<bool, classes::count> at_limit_{};
    bool has_next_ = false;          ///< what is in hand is for the next message
    std::uint32_t last_sent_ = ~0u;  ///< the class of the last block that the link took
    std::uint32_t freed_seen_ = 0;
    bool waited_ = false;
    transport::death_notice* notice_ = nullptr;  ///< of the link
    bool link_has_bound_ = false;
    transport::memory::suspicion suspicion_;
    transport::memory::suspicion look_for_memory_;
};

}  // namespace parley::pool
