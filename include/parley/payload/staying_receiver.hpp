#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <type_traits>
#include <utility>

#include <parley/message/wire.hpp>
#include <parley/os/clock.hpp>
#include <parley/payload/small_or_reference.hpp>
#include <parley/payload/staying_pool.hpp>
#include <parley/pool/block.hpp>
#include <parley/transport/batch.hpp>
#include <parley/transport/memory/ring_engine.hpp>

namespace parley::payload {

/// Receives references, and reads the messages where they lie, in the pool that `Borrower` leads to. Where `Travelling`
/// has room for small ones (payload/small_or_reference.hpp), they are read in the link.
template <class C, class Inner, class Travelling, class Borrower = typename pool_of<C>::borrower>
class staying_receiver {
    using message_type = typename C::message;
    using wire = message::wire<message_type>;
    using borrower = Borrower;
    using inner_receiver = std::remove_cvref_t<decltype(std::declval<Inner&>().receiver())>;
    using inner_context = std::remove_cvref_t<decltype(std::declval<Inner&>().context())>;
    static constexpr bool with_small_ones = room_of<Travelling> != 0;
    static constexpr bool by_rendezvous = C::buffering::rendezvous;
    static constexpr bool only_alone = pool_of<C>::redelivers;
    static constexpr bool is_ring = requires(inner_receiver & link, inner_context& context) {
        link.is_surely_empty(context);
    };

public:
    staying_receiver(Inner& inner, borrower& pool) noexcept : inner_(&inner), pool_(&pool) {}

    template <class Context>
    [[nodiscard]] std::optional<message_type> try_pop(Context& context) {
        return read(try_take(context));
    }

    template <class Context>
    [[nodiscard]] std::optional<message_type> pop_until(Context& context, os::deadline until) {
        return read(take_until(context, until));
    }

    template <class Context>
    [[nodiscard]] std::size_t try_pop_some(Context& context, std::span<message_type> content) {
        return transport::pop_each_to(content, [&](message_type& place) {
            const auto* bytes = try_take(context);
            if (bytes == nullptr) {
                return false;
            }
            const releasing done{*this};
            if constexpr (wire::fixed_size) {
                static_cast<void>(wire::read(bytes, place));
            } else {
                if (!wire::read(bytes, place, room_)) {
                    transport::memory::throw_corrupt_message();
                }
            }
            return true;
        });
    }

    [[nodiscard]] os::clock::duration patience() const noexcept { return pool_->patience(); }

    /// May return early: whoever waits looks for lost blocks now and then.
    template <class Context>
    [[nodiscard]] bool wait(Context&, os::deadline until) {
        return inner_->receiver().wait(inner_->context(), slice_of(until)) || !until.passed();
    }

    /// Takes a message to be read in place. Null when there is none.
    template <class Context>
    [[nodiscard]] const std::byte* try_take(Context&) {
        if (const auto* bytes = take([&] { return pop(); }); bytes != nullptr) [[likely]] {
            return bytes;
        }
        if (pool_->time_to_judge()) [[unlikely]] {
            return take_after_a_close_look();
        }
        pool_->link_was_empty();
        return nullptr;
    }

    template <class Context>
    [[nodiscard]] const std::byte* take_until(Context& context, os::deadline until) {
        for (;;) {
            if (const auto* bytes = try_take(context); bytes != nullptr) {
                return bytes;
            }
            if (until.passed()) {
                return nullptr;
            }
            if constexpr (by_rendezvous) {  // to wait is to have committed: a reference may come meanwhile
                if (const auto* bytes = take([&] { return pop_until(slice_of(until)); }); bytes != nullptr) {
                    return bytes;
                }
            } else {
                static_cast<void>(wait(context, until));
            }
        }
    }

    template <class Context>
    void release_taken(Context&) {
        if constexpr (Inner::in_place) {
            inner_->receiver().release_taken(inner_->context());
        }
        if (!took_small_) {
            pool_->release();
        }
    }

    /// Bytes that may be looked at where a message that is read in place begins.
    [[nodiscard]] std::size_t taken_capacity() const noexcept { return room_; }

private:
    using link_wire = message::wire<Travelling>;
    /// What the link gives: a slot of it to look at, or what lay there.
    using given = std::conditional_t<Inner::in_place, const std::byte*, std::optional<Travelling>>;
    struct nothing {};

    /// Also when a codec throws.
    struct releasing {
        staying_receiver& receiver;
        ~releasing() { receiver.release_taken(receiver); }
    };

    [[nodiscard]] std::optional<message_type> read(const std::byte* bytes) {
        if (bytes == nullptr) {
            return std::nullopt;
        }
        const releasing done{*this};
        auto result = message::read_within<message_type>(bytes, room_);
        if (!result) {
            transport::memory::throw_corrupt_message();
        }
        return result;
    }

    [[nodiscard]] os::deadline slice_of(os::deadline until) const noexcept {
        return os::deadline::at(os::clock::now() + until.left(pool_->patience()));
    }

    /// Gets a reference with `how()`, and its block; or a small message.
    template <class Pop>
    [[nodiscard]] const std::byte* take(Pop how) {
        pool_->begin();
        auto got = [&]() -> given {
            try {
                return how();
            } catch (...) {
                pool_->end();
                throw;
            }
        }();
        if (!got) {
            pool_->end();
            return nullptr;
        }
        const auto* bytes = open(got);
        if constexpr (!wire::fixed_size) {
            // Behind the end of what it has lie other messages.
            if (!wire::within(bytes, room_)) [[unlikely]] {
                release_taken(*this);
                if constexpr (requires { pool_->refuse_last(); }) {
                    pool_->refuse_last();
                }
                transport::memory::throw_corrupt_message();
            }
        }
        return bytes;
    }

    /// The message that the link gave, or gave the reference to; how long it may be is in `room_`. Ends the passage.
    [[nodiscard]] const std::byte* open(const std::byte* slot) requires Inner::in_place {
        if constexpr (with_small_ones) {
            const auto size = link_wire::size_within(slot, link_wire::capacity);
            if (!size) [[unlikely]] {
                pool_->end();
                inner_->receiver().release_taken(inner_->context());
                transport::memory::throw_corrupt_message();
            }
            took_small_ = *size != 0;
            if (took_small_) {
                pool_->end();
                room_ = *size;
                return link_wire::message_in(slot);
            }
            return hold(link_wire::reference_in(slot));
        } else {
            return hold(reference_at(slot));
        }
    }

    [[nodiscard]] const std::byte* open(std::optional<Travelling>& got) requires(!Inner::in_place) {
        if constexpr (with_small_ones) {
            took_small_ = got->is_small();
            if (took_small_) {
                pool_->end();
                here_ = std::move(*got);
                room_ = here_.bytes().size();
                return here_.bytes().data();
            }
            return hold(got->reference());
        } else {
            return hold(*got);
        }
    }

    [[nodiscard]] const std::byte* hold(const pool::block_reference& reference) {
        try {
            const auto* bytes = pool_->hold(reference);
            room_ = pool_->capacity();
            return bytes;
        } catch (...) {
            if constexpr (Inner::in_place) {
                inner_->receiver().release_taken(inner_->context());
            }
            throw;
        }
    }

    /// Whether no other receiver is attached to the link, where that can be asked.
    [[nodiscard]] bool is_alone() const noexcept {
        if constexpr (C::addressing::pairwise) {
            return true;
        } else if constexpr (requires(inner_context & context) { context.receiver_alive(context.place()); }) {
            const auto& context = inner_->context();
            for (std::size_t place = 0; place < pool::places; ++place) {
                if (place != context.place() && context.receiver_alive(place)) {
                    return false;
                }
            }
        }
        return true;
    }

    /// Makes sure that the link is empty, and then says which blocks are lost. It may not be: null, or a message.
    [[nodiscard, gnu::cold, gnu::noinline]] const std::byte* take_after_a_close_look() {
        auto& link = inner_->receiver();
        pool_->prepare_to_judge();
        if constexpr (is_ring) {
            link.look(inner_->context());
        }
        const auto* bytes = take([&] { return pop(); });
        if (bytes == nullptr) {
            bool empty = true;
            if constexpr (is_ring) {
                empty = link.is_surely_empty(inner_->context());
            }
            if (empty && (!only_alone || is_alone())) {
                pool_->judge();
            }
        }
        return bytes;
    }

    // A link in memory keeps its place until the message has been read: what it promises of a receiver that dies, it
    // promises of the whole message.

    [[nodiscard]] given pop() {
        if constexpr (Inner::in_place) {
            return inner_->receiver().try_take(inner_->context());
        } else {
            return inner_->receiver().try_pop(inner_->context());
        }
    }

    [[nodiscard]] given pop_until(os::deadline until) {
        if constexpr (Inner::in_place) {
            return inner_->receiver().take_until(inner_->context(), until);
        } else {
            return inner_->receiver().pop_until(inner_->context(), until);
        }
    }

    Inner* inner_;
    borrower* pool_;
    std::size_t room_ = 0;
    bool took_small_ = false;
    /// A small one that is not read in the link.
    [[no_unique_address]] std::conditional_t<with_small_ones && !Inner::in_place, Travelling, nothing> here_{};
};

}  // namespace parley::payload
