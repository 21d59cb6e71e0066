#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <type_traits>
#include <utility>

#include <parley/message/wire.hpp>
#include <parley/os/clock.hpp>
#include <parley/payload/staying_pool.hpp>
#include <parley/pool/block.hpp>
#include <parley/transport/batch.hpp>
#include <parley/transport/memory/ring_engine.hpp>

namespace parley::payload {

/// Receives references, and reads the messages where they lie.
template <class C, class Inner>
class staying_receiver {
    using message_type = typename C::message;
    using wire = message::wire<message_type>;
    using borrower = typename pool_of<C>::borrower;
    using reference = pool::block_reference;
    using inner_receiver = std::remove_cvref_t<decltype(std::declval<Inner&>().receiver())>;
    using inner_context = std::remove_cvref_t<decltype(std::declval<Inner&>().context())>;
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
            if (!wire::read(bytes, place)) {
                transport::memory::throw_corrupt_message();
            }
            return true;
        });
    }

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
        pool_->release();
    }

private:
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
        auto result = wire::read(bytes);
        if (!result) {
            transport::memory::throw_corrupt_message();
        }
        return result;
    }

    [[nodiscard]] os::deadline slice_of(os::deadline until) const noexcept {
        return os::deadline::at(os::clock::now() + until.left(pool_->patience()));
    }

    /// Gets a reference with `how()`, and its block.
    template <class Pop>
    [[nodiscard]] const std::byte* take(Pop how) {
        pool_->begin();
        const auto got = [&] {
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
        const auto* bytes = [&] {
            try {
                return pool_->hold(*got);
            } catch (...) {
                if constexpr (Inner::in_place) {
                    inner_->receiver().release_taken(inner_->context());
                }
                throw;
            }
        }();
        if constexpr (!wire::fixed_size) {
            // Behind the end of the block lie other messages.
            if (!wire::within(bytes, pool_->capacity())) [[unlikely]] {
                release_taken(*this);
                transport::memory::throw_corrupt_message();
            }
        }
        return bytes;
    }

    /// Whether no other receiver is attached to the link, where that can be asked.
    [[nodiscard]] bool is_alone() const noexcept {
        if constexpr (requires(inner_context & context) { context.receiver_alive(context.place()); }) {
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

    [[nodiscard]] std::optional<reference> pop() {
        if constexpr (Inner::in_place) {
            return copied(inner_->receiver().try_take(inner_->context()));
        } else {
            return inner_->receiver().try_pop(inner_->context());
        }
    }

    [[nodiscard]] std::optional<reference> pop_until(os::deadline until) {
        if constexpr (Inner::in_place) {
            return copied(inner_->receiver().take_until(inner_->context(), until));
        } else {
            return inner_->receiver().pop_until(inner_->context(), until);
        }
    }

    [[nodiscard]] static std::optional<reference> copied(const std::byte* slot) {
        return slot == nullptr ? std::nullopt : message::wire<reference>::read(slot);
    }

    Inner* inner_;
    borrower* pool_;
};

}  // namespace parley::payload
