#pragma once

#include <cstddef>
#include <ctime>
#include <memory>
#include <span>
#include <utility>

#include <parley/buffering/concept.hpp>
#include <parley/message/wire.hpp>
#include <parley/os/clock.hpp>
#include <parley/os/cpu.hpp>
#include <parley/os/error.hpp>
#include <parley/payload/small_or_reference.hpp>
#include <parley/payload/staying_pool.hpp>
#include <parley/pool/block.hpp>
#include <parley/transport/batch.hpp>
#include <parley/transport/memory/ring_engine.hpp>

namespace parley::payload {

/// Writes a message into the pool, and sends the reference to it. Where `Travelling` has room for small ones
/// (payload/small_or_reference.hpp), they are sent themselves: the pool is not touched. A loan for a small one is the
/// place in the link itself, where that is a ring.
template <class C, class Inner, class Travelling, class Lender = typename pool_of<C>::lender>
class staying_sender {
    using message_type = typename C::message;
    using wire = message::wire<message_type>;
    using lender = Lender;
    using reference = pool::block_reference;
    static constexpr bool waits = C::synchronization::sender_side::waits;
    static constexpr std::size_t small_room = room_of<Travelling>;
    /// Not by rendezvous: a loan is the sender's until it meets a receiver, who gets it on a desk of its own.
    static constexpr bool small_in_link = small_room != 0 && Inner::in_place && !C::buffering::rendezvous;
    using link_wire = message::wire<Travelling>;

public:
    /// The whole way is one call: an attempt in vain would write the message twice.
    static constexpr bool rendezvous = true;

    staying_sender(Inner& inner, lender& pool) noexcept : inner_(&inner), pool_(&pool) {
        if constexpr (requires { pool.share_notice(inner.context().notice(), true); }) {
            pool.share_notice(inner.context().notice(), C::buffering::capacity != buffering::without_limit);
        }
    }

    template <class Context>
    [[nodiscard]] bool try_push(Context&, const message_type& content) {
        if constexpr (small_room != 0) {
            if (const auto size = wire::size(content); size <= small_room) {
                return push(Travelling(content, size));
            }
        }
        return written(content) && go([&](const reference& to) { return push(Travelling(to)); });
    }

    template <class Context>
    [[nodiscard]] bool push_until(Context&, const message_type& content, os::deadline until) {
        if constexpr (small_room != 0) {
            if (const auto size = wire::size(content); size <= small_room) {
                const Travelling small(content, size);
                return push_by(small, until);
            }
        }
        for (bool again = false;; again = true) {
            while (!written(content)) {
                if (until.passed() || !wait_for_block(until)) {
                    return false;
                }
            }
            if (go([&](const reference& to) { return push_by(Travelling(to), until); })) {
                return true;
            }
            if (!is_stranded() || until.passed()) {
                return false;
            }
            if (again) {  // each connection ends as soon as it is made
                look_around();
                constexpr ::timespec moment{0, 2'000'000};
                ::nanosleep(&moment, nullptr);
            }
        }
    }

    template <class Context>
    [[nodiscard]] std::size_t try_push_some(Context& context, std::span<const message_type> content) {
        return transport::push_one_by_one(content, [&](const message_type& each) { return try_push(context, each); });
    }

    /// Waits for what the last loan in vain was for: a block, or a place in the link.
    template <class Context>
    [[nodiscard]] bool wait(Context&, os::deadline until) {
        if constexpr (small_in_link && waits) {
            if (loan_is_small_) {
                return inner_->sender().wait(inner_->context(), until);
            }
        }
        return wait_for_block(until);
    }

    /// A block for a message of at most `size` bytes to be written in place; for a small one, a place in the link, or,
    /// where it has none to lend, memory of this process. Null when there is none; then `wait`.
    template <class Context>
    [[nodiscard]] std::byte* try_loan(Context&, std::size_t size = wire::capacity) {
        loan_is_small_ = size <= small_room;
        loaned_ = loan_is_small_ ? small_place(size) : block_for(size);
        if constexpr (!wire::fixed_size) {
            if (loaned_ != nullptr) {
                wire::set_size(loaned_, 0);
            }
        }
        return loaned_;
    }

    /// How many bytes of its slot a loan may use.
    [[nodiscard]] std::size_t loaned_capacity() const noexcept {
        return loan_is_small_ ? small_room : pool_->capacity();
    }

    /// False when there is no room in the link until the deadline: the loan is as before.
    template <class Context>
    [[nodiscard]] bool send_loan(Context&, os::deadline until) {
        if constexpr (wire::fixed_size) {
            length_ = wire::capacity;
        } else {
            const auto content = wire::content(loaned_, loaned_capacity());
            if (!content) {
                transport::memory::throw_corrupt_message();  // a peer wrote into what is not its own
            }
            length_ = static_cast<std::size_t>(content->data() + content->size() - loaned_);
        }
        if constexpr (small_in_link) {
            if (loan_is_small_) {
                auto* slot = std::exchange(slot_, nullptr);
                link_wire::set_size(slot, length_);
                inner_->sender().send_loan(inner_->context(), until);
                return true;
            }
        }
        const auto by = [&](const Travelling& item) {
            return push(item) || (!until.passed() && push_until(item, until));
        };
        if constexpr (small_room != 0 && !small_in_link) {
            if (loan_is_small_) {
                return by(Travelling(std::span<const std::byte>(loaned_, length_)));
            }
        }
        const bool sent = go([&](const reference& to) { return by(Travelling(to)); }, false);
        if (!sent && is_stranded()) {
            throw_error(errc::closed,
                        "this loan lies in memory that went with a connection, and there is a new one by "
                        "now; let it go, and take another loan");
        }
        return sent;
    }

    template <class Context>
    void drop_loan(Context&) noexcept {
        if (!loan_is_small_) {
            pool_->put_back();
        } else if constexpr (small_in_link) {
            if (std::exchange(slot_, nullptr) != nullptr) {
                inner_->sender().drop_loan(inner_->context());
            }
        }
    }

private:
    /// Where a small message is written that is to be sent; null where the link is full.
    [[nodiscard]] std::byte* small_place([[maybe_unused]] std::size_t size) {
        if constexpr (small_in_link) {
            slot_ = inner_->sender().try_loan(inner_->context());
            if (slot_ == nullptr) {
                return nullptr;
            }
            os::fetch_to_fill(slot_, size);
            return link_wire::message_in(slot_);
        } else {
            pool_->check_known_open();  // what is written there should have a chance
            if (slot_ == nullptr) {
                own_ = std::make_unique_for_overwrite<std::byte[]>(small_room);
                slot_ = own_.get();
            }
            return slot_;
        }
    }

    [[nodiscard]] std::byte* block_for(std::size_t size) {
        pool_->check_known_open();
        auto* result = pool_->lend(size);
        if (result == nullptr) {
            look_around();
        }
        return result;
    }

    [[nodiscard]] bool wait_for_block(os::deadline until) {
        if constexpr (waits) {
            return waited_ = pool_->wait(until);  // whoever had to wait looks again now
        } else {
            return false;
        }
    }

    [[nodiscard]] bool written(const message_type& content) {
        length_ = wire::size(content);
        auto* bytes = block_for(length_);
        if (bytes == nullptr) {
            return false;
        }
        if constexpr (requires { wire::write(bytes, content, length_); }) {
            wire::write(bytes, content, length_);
        } else {
            wire::write(bytes, content);
        }
        return true;
    }

    /// Whether the last block was refused since its pool has gone with a connection, and there is another one by now.
    [[nodiscard]] bool is_stranded() const noexcept {
        if constexpr (requires { inner_->sender().is_stranded(); }) {
            return inner_->sender().is_stranded();
        } else {
            return false;
        }
    }

    /// After there was no block. Throws if nobody is left who could give one back.
    void look_around() {
        if (!look_.due()) {
            return;
        }
        rouse_receivers();
        look_for_peer();
    }

    /// What the dead have lost on the way a receiver finds, at an empty link. One that waits with its bell
    /// (wait/bell.hpp) would never look.
    void rouse_receivers() noexcept {
        if constexpr (requires { inner_->context().wake_receivers(pool::places); }) {
            if (const auto now = os::clock::now(); now - roused_ >= os::look_around_interval) {
                roused_ = now;
                inner_->context().wake_receivers(pool::places);
            }
        }
    }

    /// Of a link only the peer can give a block back; and of a channel without a name the link knows whether anybody is
    /// left who could.
    void look_for_peer() {
        if (!C::addressing::pairwise && !pool_->is_nameless()) {
            return;
        }
        const bool waited = std::exchange(waited_, false);
        if constexpr (requires { inner_->context().check_peer(waited); }) {
            inner_->context().check_peer(waited);
        } else if constexpr (requires { inner_->sender().check_peer(waited); }) {
            inner_->sender().check_peer(waited);
        }
    }

    /// Sends the reference to the block in hand with `how(reference)`. If that fails the block is given back, or, of a
    /// loan, stays in hand: it is the user's.
    template <class Push>
    [[nodiscard]] bool go(Push how, bool give_back = true) {
        struct passage {
            lender& pool;
            bool give_back;
            bool sent = false;
            ~passage() {
                if (sent) {
                    pool.handed_over();
                    return;
                }
                pool.keep();
                if (give_back) {
                    pool.put_back();
                }
            }
        } on_the_way{*pool_, give_back};
        on_the_way.sent = how(pool_->hand_over(length_));
        return on_the_way.sent;
    }

    [[nodiscard]] bool push(const Travelling& item) { return inner_->sender().try_push(inner_->context(), item); }

    [[nodiscard]] bool push_until(const Travelling& item, os::deadline until) {
        if constexpr (waits) {
            return inner_->sender().push_until(inner_->context(), item, until);
        } else {
            return false;
        }
    }

    /// The attempt first: it is inlined, the wait is not.
    [[nodiscard]] bool push_by(const Travelling& item, os::deadline until) {
        return push(item) || push_until(item, until);
    }

    Inner* inner_;
    lender* pool_;
    std::byte* loaned_ = nullptr;
    bool loan_is_small_ = false;
    std::byte* slot_ = nullptr;  // where small ones are written: lent by the link, or the own memory
    std::unique_ptr<std::byte[]> own_;
    std::size_t length_ = 0;
    transport::memory::suspicion look_;
    os::clock::time_point roused_{};
    bool waited_ = false;  // just now, for a block
};

}  // namespace parley::payload
