#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <ctime>
#include <filesystem>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

#include <unistd.h>

#include <parley/addressing/concept.hpp>
#include <parley/buffering/concept.hpp>
#include <parley/lifetime/concept.hpp>
#include <parley/message/wire.hpp>
#include <parley/os/clock.hpp>
#include <parley/os/error.hpp>
#include <parley/pool/block.hpp>
#include <parley/pool/borrower.hpp>
#include <parley/pool/lender.hpp>
#include <parley/segment/segment.hpp>
#include <parley/synchronization/concept.hpp>
#include <parley/transport/batch.hpp>
#include <parley/transport/link.hpp>
#include <parley/transport/memory/ring_engine.hpp>

/// Ends of a channel whose messages stay in a pool: an adaptor around the ends of any transport, which carries the
/// references. To the channel above it is a link like any other (transport/link.hpp).

namespace parley::payload {

/// The composition that the transport sees: the same words, the same description, another message.
template <class C, class Travelling>
struct carried : C {
    using message = Travelling;
};

/// How large a pool is where nobody says: room for what the link can hold and what is in hands, within reason.
template <class C, class Classes>
[[nodiscard]] constexpr std::uint64_t natural_limit() noexcept {
    constexpr std::uint64_t reason = 64 << 20;
    constexpr std::uint64_t fewest = 8;
    constexpr auto capacity = std::uint64_t{C::buffering::capacity};
    constexpr auto blocks = (capacity < (1 << 20) ? capacity : 1024) + 2 * pool::places;
    constexpr auto largest = std::uint64_t{Classes::largest};
    return std::max(fewest * largest, largest > reason / blocks ? reason : blocks * largest);
}

template <class C>
struct pool_of {
    using wire = message::wire<typename C::message>;
    using classes = pool::size_classes<wire::capacity, wire::alignment, wire::fixed_size>;
    /// By rendezvous too, a message over which a receiver died is given to another.
    static constexpr bool redelivers = C::addressing::delivery::redelivers || C::buffering::rendezvous;
    using traits = pool::traits<classes, typename C::synchronization::sender_side, C::addressing::owned, redelivers>;

    /// Where an accepted message may be in nobody's sight: behind a connection, or in the memory of a sender that
    /// spills.
    static constexpr bool lingers =
        C::transport::capabilities.connected ||
        (C::buffering::capacity == buffering::without_limit && !C::transport::capabilities.in_place);

    using lender = pool::lender<traits>;
    using borrower = pool::borrower<traits, lingers, redelivers>;

    static constexpr segment::identity identity{C::fingerprint, C::description,
                                                segment::whole_size<typename traits::body_type>};

    /// What the pool of a channel is called: the same for all who mean the same channel, and nobody else.
    [[nodiscard]] static std::string name_of(std::string_view channel) {
        auto result = std::string(C::transport::name) + '.';
        const bool is_path = channel.find('/') != std::string_view::npos;
        if (C::transport::capabilities.per_user && !is_path) {
            result += std::to_string(::geteuid()) + '.';
        }
        if (is_path && channel.front() != '/' && channel.front() != '@') {
            result += std::filesystem::current_path().string() + '/';
        }
        result += channel;
        static_cast<void>(pool::backing::locate(result));  // throws now if that is too long
        return result;
    }

    /// The channel's own object decides; the pool follows. `name` must outlive the result.
    [[nodiscard]] static segment::attachment_request request(const segment::attachment_request& given,
                                                             const std::string& name, segment::opening mode) {
        auto result = given;
        result.name = name;
        result.id = identity;
        result.mode = mode;
        result.has_owner = traits::owned;
        return result;
    }

    [[nodiscard]] static std::uint64_t limit(const segment::attachment_request& given) noexcept {
        return given.pool_size != 0 ? given.pool_size : natural_limit<C, classes>();
    }
};

/// Writes a message into the pool, and sends the reference to it.
template <class C, class Inner>
class staying_sender {
    using message_type = typename C::message;
    using wire = message::wire<message_type>;
    using lender = typename pool_of<C>::lender;
    using reference = pool::block_reference;
    static constexpr bool waits = C::synchronization::sender_side::waits;

public:
    /// The whole way is one call: an attempt in vain would write the message twice.
    static constexpr bool rendezvous = true;

    staying_sender(Inner& inner, lender& pool) noexcept : inner_(&inner), pool_(&pool) {}

    template <class Context>
    [[nodiscard]] bool try_push(Context&, const message_type& content) {
        return written(content) && go([&](const reference& to) { return push(to); });
    }

    template <class Context>
    [[nodiscard]] bool push_until(Context& context, const message_type& content, os::deadline until) {
        while (!written(content)) {
            if (until.passed() || !wait(context, until)) {
                return false;
            }
        }
        return go([&](const reference& to) { return push(to) || push_until(to, until); });
    }

    template <class Context>
    [[nodiscard]] std::size_t try_push_some(Context& context, std::span<const message_type> content) {
        return transport::push_one_by_one(content, [&](const message_type& each) { return try_push(context, each); });
    }

    /// Waits for a block.
    template <class Context>
    [[nodiscard]] bool wait(Context&, os::deadline until) {
        if constexpr (waits) {
            return pool_->wait(until);
        } else {
            return false;
        }
    }

    /// A block for a message of at most `size` bytes to be written in place. Null when there is none; then `wait`.
    template <class Context>
    [[nodiscard]] std::byte* try_loan(Context&, std::size_t size = wire::capacity) {
        pool_->check_known_open();  // what is written there should have a chance
        loaned_ = pool_->lend(size);
        if constexpr (!wire::fixed_size) {
            if (loaned_ != nullptr) {
                wire::set_size(loaned_, 0);
            }
        }
        return loaned_;
    }

    /// How many bytes of its slot a loan may use.
    [[nodiscard]] std::size_t loaned_capacity() const noexcept { return pool_->capacity(); }

    /// False when there is no room in the link until the deadline: the loan is as before.
    template <class Context>
    [[nodiscard]] bool send_loan(Context&, os::deadline until) {
        if constexpr (wire::fixed_size) {
            length_ = wire::capacity;
        } else {
            const auto content = wire::content(loaned_);
            if (!content) {
                transport::memory::throw_corrupt_message();  // a peer wrote into a block that is not its own
            }
            length_ = static_cast<std::size_t>(content->data() + content->size() - loaned_);
        }
        return go([&](const reference& to) { return push(to) || (!until.passed() && push_until(to, until)); }, false);
    }

    template <class Context>
    void drop_loan(Context&) noexcept {
        pool_->put_back();
    }

private:
    [[nodiscard]] bool written(const message_type& content) {
        length_ = wire::size(content);
        pool_->check_known_open();
        auto* bytes = pool_->lend(length_);
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

    [[nodiscard]] bool push(const reference& to) { return inner_->sender().try_push(inner_->context(), to); }

    [[nodiscard]] bool push_until(const reference& to, os::deadline until) {
        if constexpr (waits) {
            return inner_->sender().push_until(inner_->context(), to, until);
        } else {
            return false;
        }
    }

    Inner* inner_;
    lender* pool_;
    std::byte* loaned_ = nullptr;
    std::size_t length_ = 0;
};

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

/// One end: that of the transport, and a place in the pool. `Receiving`: which.
template <class C, class InnerEnd, bool Receiving>
class staying_end {
    using inner_core = typename InnerEnd::core;
    using engine = std::conditional_t<Receiving, staying_receiver<C, inner_core>, staying_sender<C, inner_core>>;
    using pool_type = pool_of<C>;
    using pool_member = std::conditional_t<Receiving, typename pool_type::borrower, typename pool_type::lender>;

public:
    class core {
    public:
        static constexpr bool in_place = true;
        /// A loan has a size, and its slot in the link is found only when it is sent.
        static constexpr bool sized_loans = !Receiving && !message::wire<typename C::message>::fixed_size;
        static constexpr bool late_loans = !Receiving;
        static constexpr bool has_bell = requires { requires inner_core::has_bell; };

        /// What the channel asks of a context; the rest is the inner link's.
        struct context_type {
            bool loan_out = false;
            bool take_out = false;
            inner_core* inner;

            [[nodiscard]] bool has_bell() const noexcept requires core::has_bell { return inner->context().has_bell(); }
            void listen_for_bell() noexcept requires core::has_bell { inner->context().listen_for_bell(); }
        };

        core(InnerEnd&& inner, std::unique_ptr<pool_member> pool)
            : pool_(std::move(pool)),
              inner_(std::move(inner)),
              context_{false, false, inner_.get()},
              engine_(*inner_.get(), *pool_) {}

        [[nodiscard]] context_type& context() noexcept { return context_; }
        [[nodiscard]] engine& sender() noexcept requires(!Receiving) { return engine_; }
        [[nodiscard]] engine& receiver() noexcept requires Receiving { return engine_; }
        [[nodiscard]] int native_handle() requires transport::pollable_core<inner_core> {
            return inner_.get()->native_handle();
        }

    private:
        std::unique_ptr<pool_member> pool_;  // before the inner end, which on its way out may still send references
        InnerEnd inner_;
        context_type context_;
        engine engine_;
    };

    staying_end() noexcept = default;

    static staying_end open(const segment::attachment_request& request) {
        using segment::opening;
        const auto name = pool_type::name_of(request.name);
        const auto join = [&](opening mode) {
            return std::make_unique<pool_member>(pool_type::request(request, name, mode), pool_type::limit(request));
        };
        staying_end result;
        if constexpr (C::addressing::owned && Receiving) {
            // The owner makes the pool first: whoever finds the port finds its pool.
            auto pool = join(opening::open_or_create);
            auto inner = InnerEnd::open(request);
            // A predecessor that is just leaving may have had the pool still.
            for (int attempt = 0; !pool->segment().is_owner(); ++attempt) {
                if (attempt == 1000) {
                    throw_error(errc::in_use, pool->segment().path() + " belongs to another live process");
                }
                pool.reset();
                constexpr timespec pause{0, 1'000'000};
                ::nanosleep(&pause, nullptr);
                pool = join(opening::open_or_create);
            }
            result.core_ = std::make_unique<core>(std::move(inner), std::move(pool));
        } else {
            auto inner = InnerEnd::open(request);
            auto pool = join(C::addressing::owned ? opening::open_only : opening::open_or_create);
            result.core_ = std::make_unique<core>(std::move(inner), std::move(pool));
        }
        return result;
    }

    static bool remove(std::string_view name) {
        const auto pool = pool_type::name_of(name);
        const bool there = InnerEnd::remove(name);
        return pool_member::remove(pool, pool_type::identity) || there;
    }

    /// Null after a move.
    [[nodiscard]] core* get() const noexcept { return core_.get(); }

private:
    std::unique_ptr<core> core_;
};

}  // namespace parley::payload
