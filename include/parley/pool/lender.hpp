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
        if (has_spare_ && !this->segment().inherited()) {
            give_spare_back();
        }
    }

    /// Of the end of the channel the pool speaks as the link does, and only one of them. `bounded`: a sender that waits
    /// may have to wait for the link, too.
    void share_notice(transport::death_notice& notice, bool bounded) noexcept {
        notice_ = &notice;
        link_has_bound_ = bounded;
    }

    // What each message goes through is inlined (pool/borrower.hpp).

    /// Takes a free block of at least `size` bytes in hand; where its bytes are, or null: there is none. Throws as
    /// `check_open`, and `errc::no_space` where there is no memory for the first block of its size; and as the storage
    /// of the blocks does where their bytes cannot be had.
    [[nodiscard, gnu::always_inline]] std::byte* lend(std::size_t size) {
        const auto size_class = classes::class_for(size);
        if (!take_spare(size_class) && !take_likely(size_class) && !take_new(size_class) && !take_any(size_class))
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
    [[nodiscard, gnu::always_inline]] block_reference hand_over(std::size_t length) noexcept {
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
    [[gnu::always_inline]] void handed_over() noexcept {
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
        std::uint32_t looked_at = 0;  ///< of the pool's blocks, whether they are free and not here
        bool is_whole = false;        ///< as many as one had better go round, or as there are

        void add(std::uint32_t first, std::uint32_t count) {
            make_room(count);
            const auto at = blocks.insert(blocks.begin() + static_cast<std::ptrdiff_t>(next), count, first);
            std::iota(at, at + static_cast<std::ptrdiff_t>(count), first);
            step(count);
        }
        [[nodiscard]] bool has(std::uint32_t index) const noexcept {
            return std::find(blocks.begin(), blocks.end(), index) != blocks.end();
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

    // The block of the next message is taken while nobody waits for it. So its state has been written long before a
    // receiver needs to see it, and may come over in advance (`borrower::expect_next`). As long as the message is not
    // begun, senders that find no free block may take it away:
    //
    //     who has it spare                            who lacks a block
    //     seen = asked                                word = spare
    //     spare = word (block and use)                ++asked
    //     ...                                         heavy fence
    //     spare = 0                                   spare is still word: free it
    //     light fence
    //     asked is still seen: the message begins
    //     else: free it
    //
    // At least one of the two sees what the other wrote (os/fence.hpp). A count, since several may ask: who has read
    // the word counts after it was published, so that no use is begun that somebody frees; one who is late, and asks
    // for a use that is over, only makes the owner give its next one back. Should both free it, or be killed in
    // between, it is free once: that is an exchange of its state, in which the use is counted.

    /// The next message will be as large as the last two were.
    void take_next(std::uint32_t size_class, std::size_t length) noexcept {
        auto& mine = used_[size_class];
        if (!mine.is_whole || mine.blocks.size() == 1 || is_wanted()) {
            return;
        }
        if (!take({size_class, mine.blocks[mine.next]})) [[unlikely]] {
            return;
        }
        PARLEY_CRASH_POINT("pool: next block taken, not spare");
        mine.step(1);
        has_spare_ = true;
        auto& line = this->own();
        asked_seen_ = line.asked.load(std::memory_order_relaxed);
        line.spare.store(record_, std::memory_order_release);  // S1, to S2: who asks counts from what was seen
        // Who lacks one says so before it looks for spare ones: it finds this one, or is seen here.
        this->segment().fence();
        if (is_wanted()) [[unlikely]] {
            give_spare_back();
            return;
        }
        os::fetch_to_write(&this->state_of({size_class, mine.blocks[mine.next]}));
        os::fetch_to_fill(this->bytes_of(taken_.where), length);
    }

    void give_spare_back() noexcept {
        has_spare_ = false;
        this->own().spare.store(0, std::memory_order_relaxed);
        put_back();
    }

    [[nodiscard]] bool is_wanted() const noexcept { return this->body().wanted.load(std::memory_order_relaxed) != 0; }

    /// Whether there is a spare block of this class, which is in use from here on. One of another class is given back.
    [[nodiscard]] bool take_spare(std::size_t size_class) noexcept {
        if (!std::exchange(has_spare_, false)) {
            return false;
        }
        auto& line = this->own();
        line.spare.store(0, std::memory_order_relaxed);
        this->segment().fence();
        PARLEY_CRASH_POINT("pool: block no longer spare, not written");
        if (taken_.where.size_class == size_class && line.asked.load(std::memory_order_relaxed) == asked_seen_)
            [[likely]] {
            return true;
        }
        put_back();
        return false;
    }

    /// Frees the blocks of at least this class that others have spare. Whether there were any.
    [[nodiscard]] bool free_spare_ones(std::size_t size_class) noexcept {
        std::array<std::uint64_t, places> found{};
        bool any = false;
        for (std::size_t place = 0; place < places; ++place) {
            auto& line = this->body().senders[place];
            const auto word = line.spare.load(std::memory_order_acquire);  // S2, to S1
            if (word != 0 && is_there(holding::of(word), size_class)) {
                PARLEY_CRASH_POINT("pool's spare: seen, not asked for");
                found[place] = word;
                line.asked.fetch_add(1, std::memory_order_seq_cst);  // as `heavy_fence` asks
                any = true;
            }
        }
        if (!any) {
            return false;
        }
        os::heavy_fence();
        PARLEY_CRASH_POINT("pool's spare: asked for, not free");
        bool freed = false;
        for (std::size_t place = 0; place < places; ++place) {
            if (found[place] != 0 &&
                this->body().senders[place].spare.load(std::memory_order_relaxed) == found[place]) {
                const auto spare = holding::of(found[place]);
                freed = this->free(spare.what, spare.generation) || freed;
            }
        }
        PARLEY_CRASH_POINT("pool's spare: free, nobody told");
        return freed;
    }

    /// Whether that is a use that lasts, of a block of at least this class. The dead leave others, and a hostile peer
    /// anything.
    [[nodiscard]] bool is_there(const holding& spare, std::size_t size_class) const noexcept {
        const auto what = spare.what;
        if (what.size_class < size_class || what.size_class >= classes::count ||
            what.index >= this->usable(what.size_class)) {
            return false;
        }
        const auto found = state::of(this->state_of(what).load(std::memory_order_relaxed));
        return found.busy && found.generation == spare.generation;
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
        if (!used_[size_class].is_whole && take_one_more(size_class)) [[unlikely]] {
            return true;
        }
        if constexpr (base::has_queue) {
            return take_queued(size_class);
        } else {
            return take_used_before(size_class);
        }
    }

    /// Takes a block that this sender has not used before, as long as it had better go round more.
    [[nodiscard]] bool take_one_more(std::size_t size_class) {
        constexpr std::uint64_t least = base::has_queue ? added_at_once : 0;
        auto& mine = used_[size_class];
        const auto size = std::uint64_t{classes::size_of(size_class)};
        const auto bytes = size * (base::has_queue ? this->carved(size_class) : mine.blocks.size());
        const bool few = bytes < std::max(least, enough_to_go_round(size));
        const bool grows = bytes < least || !this->is_half_full();
        if constexpr (!base::has_queue) {
            if (few && take_left_over(size_class)) {
                return true;
            }
        }
        if (few && grows && take_new(size_class)) {
            return true;
        }
        mine.is_whole = bytes != 0 && (!few || !grows || at_limit_[size_class]);
        return false;
    }

    /// Takes a free block that was last used by a sender that has gone. Goes once round all that there are, some at a
    /// time: to ask whether a sender lives is a system call.
    [[nodiscard]] bool take_left_over(std::size_t size_class) {
        constexpr std::uint32_t looks = 64;
        auto& mine = used_[size_class];
        mine.make_room(1);
        std::uint32_t asked_after = 0;
        bool lives = false;
        for (const auto end = std::min(this->usable(size_class), mine.looked_at + looks); mine.looked_at < end;) {
            const block which{static_cast<std::uint32_t>(size_class), mine.looked_at++};
            const auto found = state::of(this->state_of(which).load(std::memory_order_relaxed));
            if (found.busy || found.by == 0 || mine.has(which.index)) {
                continue;
            }
            if (std::exchange(asked_after, found.by) != found.by) {
                lives = this->sender_lives(found.by);
            }
            if (!lives && take(which)) {
                mine.add(which.index, 1);
                return true;
            }
        }
        return false;
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
        if (take_any(size_class)) {
            return true;
        }
        if (!free_spare_ones(size_class)) {
            return false;
        }
        const bool found = take_any(size_class);
        this->say_freed();
        return found;
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
                    if (!base::has_queue && !mine.has(index)) {
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
    bool has_spare_ = false;         ///< what is in hand is for the next message
    std::uint64_t asked_seen_ = 0;   ///< how often others had asked before
    std::uint32_t last_sent_ = ~0u;  ///< the class of the last block that the link took
    std::uint32_t freed_seen_ = 0;
    bool waited_ = false;
    transport::death_notice* notice_ = nullptr;  ///< of the link
    bool link_has_bound_ = false;
    transport::memory::suspicion suspicion_;
    transport::memory::suspicion look_for_memory_;
};

}  // namespace parley::pool
