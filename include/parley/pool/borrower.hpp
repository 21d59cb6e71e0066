#pragma once

#include <array>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <new>
#include <string>
#include <utility>
#include <vector>

#include <parley/os/clock.hpp>
#include <parley/os/cpu.hpp>
#include <parley/os/crash_point.hpp>
#include <parley/os/error.hpp>
#include <parley/pool/block.hpp>
#include <parley/pool/member.hpp>

namespace parley::pool {

/// A receiver's hold on the pool: reads the block of a reference and gives it back (pool/member.hpp tells the steps).
/// One block at a time. And the one who finds what the dead have lost (`link_was_empty`).
///
/// `Lingers`: a message that was accepted may still be in its sender's own memory, or in a socket that is not looked at
/// yet. Then an empty link says nothing about the messages of senders that live.
/// `OnlyAlone`: a message may be in the link and out of sight of this receiver: on another one's desk by rendezvous, or
/// kept for whoever finds that its receiver died. Then an empty link says something to a lone receiver only.
template <class Traits, bool Lingers, bool OnlyAlone>
class borrower : public member<Traits, false> {
    using base = member<Traits, false>;

public:
    using classes = typename Traits::classes;

    borrower(const segment::attachment_request& request, std::uint64_t limit) : base(request, limit) {}
    explicit borrower(const nameless& pool) : base(pool) {}

    // What each message goes through is inlined: g++ would call it in a large program, and a message that stays costs
    // little more than those calls (a hand-over 110 ns, and 95 without them).

    /// Before the link is asked for a reference, and after, where it had none.
    void begin() noexcept {
        expect_next();
        pass();
    }
    void end() noexcept { pass(); }

    /// Takes the block of a reference that the link gave in hand; where its bytes are. Ends the passage.
    /// Throws `errc::corrupt` for what cannot be a reference, and as the storage of the blocks does where their bytes
    /// cannot be had: nothing is in hand then.
    [[nodiscard, gnu::always_inline]] const std::byte* hold(const block_reference& given) {
        const auto what = given.where;
        PARLEY_CRASH_POINT("pool: out of the link, not in hand");
        if (given.pool != this->mark() || what.size_class >= classes::count ||
            what.index >= this->carved(what.size_class) || given.length > classes::size_of(what.size_class))
            [[unlikely]] {
            end();
            throw_corrupt("points outside the pool");
        }
        taken_ = what;
        this->own().in_hand.store(holding{holding::step::reading, what, given.generation}.word(),
                                  std::memory_order_release);
        state_ = &this->state_of(what);
        busy_ = state_->load(std::memory_order_acquire);
        if (const auto found = state::of(busy_); !found.busy || found.generation != given.generation) [[unlikely]] {
            this->own().in_hand.store(0, std::memory_order_release);
            end();
            throw_corrupt("points into a block that is not its own");
        }
        end();
        return this->bytes_or(what, [this] { release(); });
    }

    /// Bytes of the block in hand.
    [[nodiscard]] std::size_t capacity() const noexcept { return classes::size_of(taken_.size_class); }

    /// Gives the block in hand back.
    ///
    /// Written, where everybody else exchanges: while a block is in a living hand nobody else changes its state. Who
    /// frees what the dead had in hand asks first whether a living one has it too; and who has made sure that the link
    /// is empty (`judge`), whether anybody is between the link and the record. (A peer that means ill, and sends the
    /// same reference twice, is found out by the load most of the time; it could as well write states itself.)
    [[gnu::always_inline]] void release() noexcept {
        if (state_->load(std::memory_order_relaxed) == busy_) [[likely]] {
            this->set_free(taken_, *state_, state::of(busy_));
        }
        PARLEY_CRASH_POINT("pool: block given back, still in hand");
        this->own().in_hand.store(0, std::memory_order_release);
        this->say_freed();
    }

    /// The link has just said that it is empty. Where blocks have been lacking, remembers those that are busy and in
    /// nobody's hand: they are in the link, or lost.
    void link_was_empty() noexcept {
        if (this->body().lacked.load(std::memory_order_relaxed) != 0) [[unlikely]] {
            look_for_suspects();
        } else if (!suspects_.empty()) [[unlikely]] {
            suspects_.clear();
        }
    }

    /// Whether there are suspects, and for so long that it is time to make sure that the link is empty, and to `judge`.
    [[nodiscard]] bool time_to_judge() const noexcept {
        return !suspects_.empty() && os::clock::now() - suspected_ >= long_enough;
    }

    /// Before the attempt after which to `judge`.
    void prepare_to_judge() noexcept {
        if constexpr (OnlyAlone) {
            receivers_ = others();  // first: who comes after this shows in the end
            was_alone_ = is_alone();
        }
    }

    /// The link certainly is empty, by an attempt since `prepare_to_judge`. What is not in another receiver's hands
    /// either, nor on its way there, is lost, and free again.
    void judge() noexcept {
        if (others_are_done()) {
            free_suspects();
            suspects_.clear();
        }
    }

    /// How long a wait for messages may last before `link_was_empty` is to be said again.
    [[nodiscard]] os::clock::duration patience() const noexcept {
        return suspects_.empty() ? os::clock::duration(os::look_around_interval) : os::clock::duration(long_enough / 2);
    }

private:
    /// Begins to bring the state of the block over that comes next, if its sender goes round its blocks: that of this
    /// one's neighbour. Only where the last two were neighbours.
    void expect_next() noexcept {
        auto next = taken_;
        if (++next.index >= this->carved(next.size_class)) {
            next.index = 0;
        }
        if (taken_ == std::exchange(expected_, next) && next != taken_ && state_ != nullptr) {
            os::fetch_to_write(&this->state_of(next));
        }
    }

    struct suspect {
        block what;
        std::uint64_t word;
    };
    static constexpr auto long_enough = std::chrono::milliseconds(100);

    [[noreturn, gnu::cold, gnu::noinline]] void throw_corrupt(const char* how) const {
        throw_error(errc::corrupt, std::string("a reference in the channel ") + how + " (" + this->segment().path() +
                                       "), and was dropped: a peer wrote what parley never writes");
    }

    [[gnu::always_inline]] void pass() noexcept {
        auto& passages = this->own().passages;
        passages.store(passages.load(std::memory_order_relaxed) + 1, std::memory_order_release);
        std::atomic_thread_fence(std::memory_order_release);
    }

    using numbers = std::array<std::uint32_t, places>;

    /// Who has, or had last, each place of a receiver: no number is given twice.
    [[nodiscard]] numbers others() const noexcept {
        numbers result;
        for (std::size_t place = 0; place < places; ++place) {
            result[place] = this->body().receivers[place].number.load(std::memory_order_acquire);
        }
        return result;
    }

    [[nodiscard]] bool is_alone() const noexcept {
        for (std::size_t place = 0; place < places; ++place) {
            if (place != this->place() && this->template alive<false>(place)) {
                return false;
            }
        }
        return true;
    }

    /// Whether no other receiver is between the link and its record of what it has in hand; or, where a message may be
    /// out of sight, was attached at any moment of the attempt. One that had died before it has hidden nothing from it.
    /// (Senders may come and go: what they send is in no suspect's use of a block.)
    [[nodiscard]] bool others_are_done() const noexcept {
        std::atomic_thread_fence(std::memory_order_acquire);  // what the link told comes before
        if constexpr (OnlyAlone) {
            return was_alone_ && is_alone() && others() == receivers_;
        } else {
            for (std::size_t place = 0; place < places; ++place) {
                if (place != this->place() &&
                    this->body().receivers[place].passages.load(std::memory_order_acquire) % 2 != 0 &&
                    this->template alive<false>(place)) {
                    return false;
                }
            }
            return true;
        }
    }

    [[gnu::cold, gnu::noinline]] void look_for_suspects() noexcept {
        const auto now = os::clock::now();
        if (now - looked_ < std::chrono::milliseconds(1)) {
            return;  // who polls looks often
        }
        looked_ = now;
        if (!suspects_.empty()) {
            return;
        }
        suspected_ = now;
        try {
            collect();
        } catch (const std::bad_alloc&) {
            suspects_.clear();
        }
        if (suspects_.empty()) {
            // Nothing is lost. Who lacks a block says so again.
            this->body().lacked.store(0, std::memory_order_relaxed);
        }
    }

    void collect() {
        for (std::uint32_t size_class = 0; size_class < classes::count; ++size_class) {
            const auto count = this->carved(size_class);
            for (std::uint32_t index = 0; index < count; ++index) {
                const block what{size_class, index};
                const auto word = this->state_of(what).load(std::memory_order_acquire);
                const auto found = state::of(word);
                // A sender that has let go of a block has put its reference into the link: before this, and so before
                // the link is found empty.
                if (found.busy && !this->in_living_hand(what, found.generation) &&
                    !(Lingers && this->sender_lives(found.by))) {
                    suspects_.push_back({what, word});
                }
            }
        }
    }

    void free_suspects() noexcept {
        bool freed = false;
        for (const auto& each : suspects_) {
            const auto then = state::of(each.word);
            const auto& there = this->state_of(each.what);
            if (there.load(std::memory_order_acquire) == each.word &&
                !this->in_living_hand(each.what, then.generation)) {
                freed = this->free(each.what, then) || freed;
            }
        }
        if (freed) {
            this->say_freed();
        }
    }

    block taken_;  ///< what is in hand, or was last
    std::atomic<std::uint64_t>* state_ = nullptr;
    std::uint64_t busy_ = 0;  ///< what was found there
    block expected_;          ///< the neighbour of the last one
    std::vector<suspect> suspects_;
    os::clock::time_point suspected_{};
    os::clock::time_point looked_{};
    numbers receivers_{};  ///< before the attempt
    bool was_alone_ = false;
};

}  // namespace parley::pool
