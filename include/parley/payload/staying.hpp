#pragma once

#include <ctime>
#include <memory>
#include <string_view>
#include <type_traits>
#include <utility>

#include <parley/message/wire.hpp>
#include <parley/os/descriptor.hpp>
#include <parley/os/error.hpp>
#include <parley/payload/bundled_pools.hpp>
#include <parley/payload/carried.hpp>
#include <parley/payload/staying_pool.hpp>
#include <parley/payload/staying_receiver.hpp>
#include <parley/payload/staying_sender.hpp>
#include <parley/segment/segment.hpp>
#include <parley/transport/link.hpp>

/// Ends of a channel whose messages stay in a pool: an adaptor around the ends of any transport, which carries the
/// references. To the channel above it is a link like any other (transport/link.hpp).

namespace parley::payload {

/// One end: that of the transport, `InnerEnd`, and a place in the pool. `Receiving`: which. `Travelling`:
/// what the transport carries.
template <class C, class InnerEnd, class Travelling, bool Receiving>
class staying_end {
    using inner_core = typename InnerEnd::core;
    using inner_context = std::remove_cvref_t<decltype(std::declval<inner_core&>().context())>;
    using engine = std::conditional_t<Receiving, staying_receiver<C, inner_core, Travelling>,
                                      staying_sender<C, inner_core, Travelling>>;
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
            [[nodiscard]] transport::death_notice& notice() noexcept requires
                transport::gives_death_notice<inner_context> {
                return inner->context().notice();
            }
        };

        /// `file`: of an end without a name, what `inner` was opened by.
        core(InnerEnd&& inner, std::unique_ptr<pool_member> pool, os::descriptor&& file = {})
            : pool_(std::move(pool)),
              file_(std::move(file)),
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
        os::descriptor file_;
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

    /// Takes over one end of a channel without a name, by a descriptor of its bundle.
    static staying_end open_descriptor(int descriptor) {
        bundled_pools<C> given(descriptor);
        auto pool = std::make_unique<pool_member>(given.pool_at(0));
        auto inner = InnerEnd::open_descriptor(given.end());
        staying_end result;
        result.core_ = std::make_unique<core>(std::move(inner), std::move(pool), given.take_end());
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

template <class C, class Travelling>
using staying_sending_end =
    staying_end<C, typename C::transport::template sending_end<carried<C, Travelling>>, Travelling, false>;
template <class C, class Travelling>
using staying_receiving_end =
    staying_end<C, typename C::transport::template receiving_end<carried<C, Travelling>>, Travelling, true>;

}  // namespace parley::payload
