#pragma once

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <new>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

#include <unistd.h>

#include <parley/os/clock.hpp>
#include <parley/os/crash_point.hpp>
#include <parley/os/error.hpp>
#include <parley/os/file_lock.hpp>
#include <parley/pool/block.hpp>
#include <parley/pool/body.hpp>
#include <parley/pool/body_files.hpp>
#include <parley/pool/size_classes.hpp>
#include <parley/segment/locks.hpp>
#include <parley/segment/segment.hpp>

/// A pool of blocks of shared memory, in which the bytes of messages stay while references to them travel.
///
/// A block is free or busy; its state is one word in a line of its own (pool/block.hpp), which says in which use it is,
/// the `g`th, and by which sender, `s`. Whoever has a block in hand writes that down in its own line first:
///
///     sender                              receiver
///     in hand: writing(b, g)              link -> reference
///     b: free -> busy(g, s)               in hand: reading(b, g)
///     the bytes are written               the bytes are read
///     in hand: sending(b, g)              b: busy(g, s) -> free
///     reference -> link                   in hand: nothing
///     in hand: nothing
///
/// A sender that sends one message after another takes the next block as soon as the link has the reference, before
/// anybody asks it for a loan. That one is spare: who finds no other free block takes it away (pool/lender.hpp).
///
/// No step waits for anybody, and none is a system call, but while a sender gathers the blocks that it goes round. What
/// a kill leaves:
///
/// - Before `busy(g, s)`: a record of a use that never was, or became another sender's; then `s` is another. Likewise
///   when a spare block has been taken away: that use is over.
/// - In `writing`; or in `reading`, where nobody is given the message again: a busy block that certainly is in no link.
///   Who lacks a block frees it (`free_what_the_dead_hold`), and so does who takes the place of the dead.
/// - In `sending`; between the link and `reading`; or where the link itself goes with a process, as a socket does: a
///   busy block in no living hand, and nobody knows whether the link has the reference. A receiver that has found the
///   link empty while nobody was on the way knows that it has not (pool/borrower.hpp).
///
/// A block that is freed too late costs room, one that is freed too early would be read by two: where there is doubt it
/// stays busy.

namespace parley::pool {

/// When a pool ends: when its name is removed, and
enum class ending {
    by_name,      ///< not before
    with_owner,   ///< with the receiver that made it
    until_empty,  ///< when the last one leaves it, and there is no message in it
};

/// What all pools of a composition have in common. `Storage`: of the blocks (pool/storage.hpp). `Redelivers`: what a
/// dead receiver had in hand is given to another.
template <class Storage, class SenderSide, ending Ends, bool Redelivers>
struct traits {
    using storage = Storage;
    using classes = typename Storage::classes;
    using sender_side = SenderSide;
    using backing = typename Storage::backing;
    using body_type = body<SenderSide, classes, typename Storage::kept>;
    using segment_type = segment::segment<backing, body_type>;
    static constexpr ending ends = Ends;
    static constexpr bool owned = Ends == ending::with_owner;
    static constexpr bool redelivers = Redelivers;
};

/// A pool without a name, in a file of its own that came by descriptor: what is in it ends with the last process that
/// has the file, and whether anybody is left the link knows.
struct nameless {
    int file;             ///< stays the caller's
    std::uint64_t limit;  ///< bytes for all blocks, where this process is the first one to attach
    const segment::identity& id;
    bool one_each = false;  ///< one sender and one receiver, who need not wait for each other, whatever one holds
};

/// One process's hold on a pool, and its place there.
template <class Traits, bool IsSender>
class member {
    using storage_type = typename Traits::storage;
    static constexpr bool always_there =
        noexcept(std::declval<storage_type&>().bytes_of(std::declval<const typename Traits::segment_type&>(), block{}));

public:
    /// Whether the storage knows which blocks are free.
    static constexpr bool has_queue = requires(storage_type & storage) { storage.next_free(std::size_t{}); };

    using classes = typename Traits::classes;
    using body_type = typename Traits::body_type;
    using segment_type = typename Traits::segment_type;
    /// Receivers have the blocks read-only, in the type system as in the page table.
    using byte = std::conditional_t<IsSender, std::byte, const std::byte>;

    /// Attaches. `limit`: bytes for all blocks, where this process creates the pool.
    member(const segment::attachment_request& request, std::uint64_t limit) {
        bool freed = false;
        segment_ = segment_type::attach(request,
                                        [&](segment_type& joined) { freed = join(joined, limit, request.huge_pages); });
        storage_.settle(segment_);
        if (freed) {
            say_freed();
        }
    }

    /// Attaches by a descriptor. Throws `errc::corrupt` for what is no pool, or could be cut short.
    explicit member(const nameless& pool) : is_nameless_(true), is_alone_(pool.one_each) {
        if (!Traits::backing::keeps_its_length(pool.file)) {
            throw_error(errc::corrupt,
                        "a descriptor that was handed over as a pool of messages is no memory that "
                        "keeps its length; hand over what descriptor() gave");
        }
        bool freed = false;
        segment_ = segment_type::attach_to(
            pool.file, pool.id, [&](segment_type& joined) { freed = join(joined, pool.limit, false); }, !pool.one_each);
        if (freed) {
            say_freed();
        }
    }

    /// Makes a pool without a name; attach to its descriptor.
    [[nodiscard]] static os::descriptor create_nameless(const segment::identity& id) {
        return segment_type::create_anonymous(id);
    }

    member(const member&) = delete;
    member& operator=(const member&) = delete;

    ~member() {
        if (is_nameless_) {  // nobody looks for who is left
            if (segment_.attached() && !segment_.inherited()) {
                os::unlock_byte(segment_.file(), lock_of<IsSender>(place_));
            }
            return;
        }
        segment_.leave([&](segment_type& left) {
            os::unlock_byte(left.file(), lock_of<IsSender>(place_));
            if constexpr (Traits::ends == ending::until_empty) {
                if (!has_others()) {
                    static_cast<void>(free_what_the_dead_hold());
                    if (leaves_nothing_ || !has_messages()) {
                        left.discard();
                    }
                }
            }
        });
    }

    /// The link has gone: what is in the pool is in nobody's way any more, and goes with the last one who leaves it.
    void leave_nothing() noexcept { leaves_nothing_ = true; }

    /// Whether some other sender or receiver is attached.
    [[nodiscard]] bool has_others() const noexcept {
        for (std::size_t place = 0; place < places; ++place) {
            if ((lines<true>(body())[place].number.load(std::memory_order_relaxed) != 0 &&
                 alive_in<true>(segment_.file(), place)) ||
                (lines<false>(body())[place].number.load(std::memory_order_relaxed) != 0 &&
                 alive_in<false>(segment_.file(), place))) {
                return true;
            }
        }
        return false;
    }

    /// Whether any block is in use.
    [[nodiscard]] bool has_messages() const noexcept {
        for (std::uint32_t size_class = 0; size_class < classes::count; ++size_class) {
            const auto count = carved(size_class);
            for (std::uint32_t index = 0; index < count; ++index) {
                if (state::of(state_of({size_class, index}).load(std::memory_order_acquire)).busy) {
                    return true;
                }
            }
        }
        return false;
    }

    static bool remove(std::string_view name, const segment::identity& id) {
        const bool there = segment_type::remove(name, id, [](body_type& body) { body.lot.wake_all(); });
        return body_files::clear(Traits::backing::locate(name)) || there;
    }

    [[nodiscard]] bool is_nameless() const noexcept { return is_nameless_; }
    [[nodiscard]] const segment_type& segment() const noexcept { return segment_; }
    [[nodiscard]] body_type& body() const noexcept { return segment_.body(); }
    [[nodiscard]] std::size_t place() const noexcept { return place_; }
    [[nodiscard]] std::uint32_t mark() const noexcept { return mark_; }
    [[nodiscard]] participant& own() const noexcept { return *own_; }

    /// Where the state of a block is, and its bytes. Those may have to be mapped, and throw as the storage says.
    [[nodiscard]] std::atomic<std::uint64_t>& state_of(block which) const noexcept { return storage_.state_of(which); }
    [[nodiscard]] byte* bytes_of(block which) noexcept(always_there) { return storage_.bytes_of(segment_, which); }
    /// The same of a block in hand, which `let_go()` gives back where they cannot be had.
    template <class LetGo>
    [[nodiscard]] byte* bytes_or(block which, LetGo let_go) noexcept(always_there) {
        if constexpr (always_there) {
            return bytes_of(which);
        } else {
            try {
                return bytes_of(which);
            } catch (...) {
                let_go();
                throw;
            }
        }
    }

    /// How many blocks of a class there are. What a hostile peer writes there leads nowhere else.
    [[nodiscard]] std::uint32_t carved(std::size_t size_class) const noexcept { return carved_in(body(), size_class); }

    /// How many blocks of a class have memory. A sender that is alone knows: it has reserved that of all of them. (Of a
    /// pool with a name whoever may write there may as well cut it short.)
    [[nodiscard]] std::uint32_t usable(std::size_t size_class) const noexcept { return usable_in(body(), size_class); }

    template <bool Sender>
    [[nodiscard]] bool alive(std::size_t place) const noexcept {
        return (Sender == IsSender && place == place_) || alive_in<Sender>(segment_.file(), place);
    }

    /// Whether the sender of that number lives, and is still here.
    [[nodiscard]] bool sender_lives(std::uint32_t number) const noexcept {
        for (std::size_t place = 0; place < places; ++place) {
            if (body().senders[place].number.load(std::memory_order_acquire) == number) {
                return alive<true>(place);
            }
        }
        return false;
    }

    struct new_blocks {
        std::uint32_t first;
        std::uint32_t count;
    };

    /// Adds blocks of a class to the pool, as many as the storage adds at once; which, or none: the limit. Throws
    /// `errc::no_space` where there is no memory and not one block of the class yet, and `errc::closed` where the pool
    /// has gone and the storage sees it.
    [[nodiscard]] std::optional<new_blocks> carve(std::size_t size_class) {
        if (grown(size_class) == storage_.blocks(size_class)) {
            return std::nullopt;
        }
        std::optional<os::byte_guard> growing;
        if (!is_alone_) {
            growing.emplace(segment_.file(), segment::locks::growth);
        }
        const auto first = grown(size_class);
        const auto size = std::uint64_t{classes::size_of(size_class)};
        const auto within_limit = (limit() - std::min(limit(), reserved())) / size;
        const std::uint64_t whatever_the_limit =
            storage_type::fewest_blocks - std::min(storage_type::fewest_blocks, first);
        const auto allowed = whatever_the_limit == 0       ? within_limit
                             : storage_.fills_huge_pages() ? std::max(whatever_the_limit, within_limit)
                                                           : whatever_the_limit;
        auto count =
            static_cast<std::uint32_t>(std::min({std::max<std::uint64_t>(storage_.at_once() / size, 1),
                                                 std::uint64_t{storage_.blocks(size_class) - first}, allowed}));
        if (count == 0) {
            return std::nullopt;
        }
        const auto part = static_cast<std::uint32_t>(size_class);
        while (!reserved_blocks({part, first}, count, first == 0 && count == 1)) {
            count /= 2;
            if (count == 0) {
                short_of_memory_ = true;
                return std::nullopt;
            }
        }
        short_of_memory_ = false;
        PARLEY_CRASH_POINT("pool: memory reserved, blocks not counted");
        body().carved[size_class].store(first + count, std::memory_order_release);
        grown_[size_class] = first + count;
        return new_blocks{first, count};
    }

    /// Whether half the memory that the pool may have is reserved, for all that this process knows.
    [[nodiscard]] bool is_half_full() const noexcept { return reserved() > limit() / 2; }

    /// A block of a class that may be free, where the storage knows.
    [[nodiscard]] std::optional<std::uint32_t> next_free(std::size_t size_class) noexcept requires has_queue {
        return storage_.next_free(size_class);
    }

    /// Whether the last `carve` found that the machine has no memory, though the pool may have more.
    [[nodiscard]] bool short_of_memory() const noexcept { return short_of_memory_; }

    /// Makes a block free that is busy in that use; whether it was. Release: whoever takes it next comes after what was
    /// read from it here (F, to T in pool/lender.hpp).
    bool free(block which, std::uint32_t generation) noexcept {
        const auto found = state::of(state_of(which).load(std::memory_order_relaxed));
        return found.busy && found.generation == generation && free(which, found);
    }

    /// The same of a block that was seen `busy` so: in that use, and by that sender. Whatever was made sure of since
    /// then is true of no other use.
    bool free(block which, state busy) noexcept {
        auto word = busy.word();
        busy.busy = false;
        if (!state_of(which).compare_exchange_strong(word, busy.word(), std::memory_order_release,
                                                     std::memory_order_relaxed)) {
            return false;
        }
        storage_.freed(which);
        return true;
    }

    /// The same of a block whose state nobody else may write now (F, too).
    void set_free(block which, std::atomic<std::uint64_t>& there, state busy) noexcept {
        busy.busy = false;
        there.store(busy.word(), std::memory_order_release);
        storage_.freed(which);
    }

    /// After blocks were freed: tells those who lack one.
    void say_freed() noexcept {
        segment_.fence();
        if (body().wanted.load(std::memory_order_relaxed) != 0) [[unlikely]] {
            wake_who_wants();
        }
    }

    /// Frees the blocks of dead processes that certainly are in no link. Whether there were any.
    bool free_what_the_dead_hold() noexcept {
        bool found = false;
        for (std::size_t place = 0; place < places; ++place) {
            found = free_of_dead<true>(place) || found;
            found = free_of_dead<false>(place) || found;
        }
        return found;
    }

    /// Throws what ends a channel: the pool has gone with its owner, or was removed. `waiting()`, asked where the owner
    /// was killed: whether that ends a wait that only the owner could have ended.
    template <class Waiting>
    void check_open(Waiting waiting) {
        if constexpr (Traits::owned) {
            static_cast<void>(!is_nameless_ && segment_.bury_dead_owner());
        }
        const auto end = segment_.closed();
        if (end == segment::closing::owner_died && waiting()) {
            throw_error(errc::peer_died, "waiting for a block of " + segment_.path() +
                                             ": the receiver to which it belongs was killed; start it again, then "
                                             "open the channel anew");
        }
        if (end != segment::closing::open) {
            throw_error(errc::closed,
                        segment_.path() + " is closed: " +
                            (end == segment::closing::owner_died ? "its owner was killed"
                                                                 : "it was removed, or its owner has left") +
                            "; open the channel again when a new one exists");
        }
    }

    /// Whether a live process has that use of the block in hand.
    [[nodiscard]] bool in_living_hand(block what, std::uint32_t generation) const noexcept {
        return is_held(own(), what, generation) || in_hand_of_others(segment_, what, generation);
    }

private:
    static constexpr std::uint64_t largest_limit = std::uint64_t{1} << 44;

    template <bool Sender>
    [[nodiscard]] static auto& lines(body_type& shared) noexcept {
        if constexpr (Sender) {
            return shared.senders;
        } else {
            return shared.receivers;
        }
    }

    template <bool Sender>
    [[nodiscard]] static std::uint32_t lock_of(std::size_t place) noexcept {
        return (Sender ? segment::locks::sender_places : segment::locks::receiver_places) +
               static_cast<std::uint32_t>(place);
    }

    template <bool Sender>
    [[nodiscard]] static bool alive_in(int file, std::size_t place) noexcept {
        return os::byte_is_locked_by_other(file, lock_of<Sender>(place));
    }

    [[nodiscard]] static bool is_held(const participant& line, block what, std::uint32_t generation) noexcept {
        const auto held = holding::of(line.in_hand.load(std::memory_order_acquire));
        return held.at != holding::step::none && held.what == what && held.generation == generation;
    }

    [[nodiscard]] static bool in_hand_of_others(const segment_type& in, block what, std::uint32_t generation) noexcept {
        auto& shared = in.body();
        for (std::size_t place = 0; place < places; ++place) {
            if ((is_held(shared.senders[place], what, generation) && alive_in<true>(in.file(), place)) ||
                (is_held(shared.receivers[place], what, generation) && alive_in<false>(in.file(), place))) {
                return true;
            }
        }
        return false;
    }

    [[nodiscard]] std::uint32_t carved_in(const body_type& shared, std::size_t size_class) const noexcept {
        return std::min(shared.carved[size_class].load(std::memory_order_acquire), storage_.blocks(size_class));
    }

    [[nodiscard]] std::uint32_t usable_in(const body_type& shared, std::size_t size_class) const noexcept {
        return IsSender && is_alone_ ? grown_[size_class] : carved_in(shared, size_class);
    }

    [[nodiscard]] std::uint64_t limit() const noexcept { return limit_; }

    /// How many blocks of a class there are or were, for all that this process knows: a hostile peer may count down.
    [[nodiscard]] std::uint32_t grown(std::size_t size_class) const noexcept {
        return std::max(usable(size_class), grown_[size_class]);
    }

    [[nodiscard]] std::uint64_t reserved() const noexcept {
        std::uint64_t sum = 0;
        for (std::size_t each = 0; each < classes::count; ++each) {
            sum += grown(each) * std::uint64_t{classes::size_of(each)};
        }
        return sum;
    }

    /// Reserves memory for so many blocks from `first` on. Whether there is; throws if there is not and there `must`
    /// be.
    [[nodiscard]] bool reserved_blocks(block first, std::uint32_t count, bool must) {
        try {
            storage_.reserve(segment_, first, count);
            return true;
        } catch (const error& failure) {
            if (must || failure.code() == errc::closed) {
                throw;
            }
            return false;
        }
    }

    /// At the gate. Whether a predecessor's block became free.
    [[nodiscard]] bool join(segment_type& joined, std::uint64_t limit, bool huge_pages) {
        if (limit > largest_limit) {
            throw_error(errc::no_space, "options::pool_size asks for " + std::to_string(limit) +
                                            " bytes, and a pool has at "
                                            "most " +
                                            std::to_string(largest_limit));
        }
        auto& shared = joined.body();
        std::uint64_t agreed = 0;
        if (shared.limit.compare_exchange_strong(agreed, limit, std::memory_order_relaxed)) {
            agreed = limit;
            shared.mark.store(new_mark(), std::memory_order_relaxed);
        }
        mark_ = shared.mark.load(std::memory_order_relaxed);
        if (agreed == 0 || agreed > largest_limit) {
            throw_error(errc::corrupt, joined.path() + " says that it may have " + std::to_string(agreed) +
                                           " bytes; remove the channel");
        }
        limit_ = agreed;
        constexpr auto access = IsSender ? segment::access::read_write : segment::access::read_only;
        storage_.join(joined, {agreed, mark_, access, huge_pages, IsSender || !is_alone_});
        return take_place(joined);
    }

    /// Another one for each pool, as well as 32 bits can tell.
    [[nodiscard]] static std::uint32_t new_mark() noexcept {
        const auto now = static_cast<std::uint64_t>(os::clock::now().time_since_epoch().count());
        return static_cast<std::uint32_t>((now ^ static_cast<std::uint64_t>(::getpid()) << 40) * 0x9e3779b97f4a7c15u >>
                                          32);
    }

    [[nodiscard]] bool take_place(segment_type& joined) {
        for (place_ = 0; place_ < places; ++place_) {
            if (os::try_lock_byte(joined.file(), lock_of<IsSender>(place_))) {
                auto& line = lines<IsSender>(joined.body())[place_];
                const bool freed = free_certain<IsSender>(joined, line.number.load(std::memory_order_relaxed),
                                                          holding::of(line.in_hand.load(std::memory_order_relaxed)));
                line.in_hand.store(0, std::memory_order_relaxed);
                line.spare.store(0, std::memory_order_relaxed);
                // Even, and a number that nobody has seen.
                line.passages.store((line.passages.load(std::memory_order_relaxed) | 1) + 1, std::memory_order_relaxed);
                line.number.store(next_number(joined.body()), std::memory_order_release);
                own_ = &line;
                if constexpr (IsSender) {
                    joined.body().lot.occupy(place_);
                }
                return freed;
            }
        }
        throw_error(errc::too_many_participants,
                    joined.path() + " has " + std::to_string(places) + " live " + (IsSender ? "senders" : "receivers") +
                        ", as many as there are places; let one leave, or divide them among several channels");
    }

    [[nodiscard]] static std::uint32_t next_number(body_type& shared) noexcept {
        for (;;) {
            const auto next = (shared.numbers.fetch_add(1, std::memory_order_relaxed) + 1) & state::largest_number;
            if (next != 0) {
                return next;
            }
        }
    }

    template <bool Sender>
    bool free_of_dead(std::size_t place) noexcept {
        auto& line = lines<Sender>(body())[place];
        const auto number = line.number.load(std::memory_order_acquire);
        if (line.in_hand.load(std::memory_order_relaxed) == 0 || alive<Sender>(place)) {
            return false;
        }
        // What the dead wrote last, now that it is dead; and nobody has come to its place meanwhile.
        const auto left = holding::of(line.in_hand.load(std::memory_order_acquire));
        return line.number.load(std::memory_order_relaxed) == number && free_certain<Sender>(segment_, number, left);
    }

    /// The record of a dead process, and its number: the block is free after this, if it was certain that it was the
    /// dead one's and that no link has it.
    template <bool Sender>
    bool free_certain(const segment_type& in, std::uint32_t number, const holding& left) noexcept {
        const bool certain =
            Sender ? left.at == holding::step::writing : left.at == holding::step::reading && !Traits::redelivers;
        if (!certain || left.what.size_class >= classes::count ||
            left.what.index >= usable_in(in.body(), left.what.size_class)) {
            return false;
        }
        // A sender that was killed before it had the block left the number of the next use. That one may begin at any
        // moment, by somebody who lives: what is free here is not looked at again.
        const auto found = state::of(state_of(left.what).load(std::memory_order_acquire));
        if (!found.busy || found.generation != left.generation || (Sender && found.by != number)) {
            return false;
        }
        // (Its own lock is nobody else's, so that the dead one's record, in the own line by now, does not count.)
        if (in_hand_of_others(in, left.what, left.generation)) {
            return false;
        }
        PARLEY_CRASH_POINT("pool's dead: block found, not free");
        return free(left.what, found);
    }

    [[gnu::cold, gnu::noinline]] void wake_who_wants() noexcept {
        auto& shared = body();
        shared.freed.fetch_add(1, std::memory_order_release);
        shared.lot.wake_all();  // one may need a larger block than this one, and several may have become free
        if (!shared.lot.anybody()) {
            shared.wanted.store(0, std::memory_order_relaxed);  // who still lacks one says so again
        }
    }

    segment_type segment_;
    storage_type storage_;
    std::uint64_t limit_ = 0;
    std::uint32_t mark_ = 0;
    std::size_t place_ = 0;
    participant* own_ = nullptr;
    std::array<std::uint32_t, classes::count> grown_{};  ///< by this process
    bool leaves_nothing_ = false;
    bool is_nameless_ = false;
    bool is_alone_ = false;  ///< of its kind
    bool short_of_memory_ = false;
};

}  // namespace parley::pool
