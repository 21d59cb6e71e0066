#pragma once

#include <cstddef>
#include <memory>
#include <string_view>
#include <utility>

#include <parley/message/wire.hpp>
#include <parley/os/descriptor.hpp>
#include <parley/payload/bundled_pools.hpp>
#include <parley/payload/carried.hpp>
#include <parley/payload/staying_pool.hpp>
#include <parley/payload/staying_receiver.hpp>
#include <parley/payload/staying_sender.hpp>
#include <parley/segment/segment.hpp>
#include <parley/transport/link.hpp>

namespace parley::payload {

/// One side of a direct link whose messages stay in pools: an adaptor around the transport's. There is a pool for each
/// direction, so that each has one sender and one receiver, and what lies in it says what is in that direction's link.
template <class C, class Travelling, class Lender = typename pool_of<C>::lender,
          class Borrower = typename pool_of<C>::borrower>
class staying_link_end {
    using inner_end = typename C::transport::template link_end<carried<C, Travelling>>;
    using inner_core = typename inner_end::core;
    using pool_type = pool_of<C>;
    using lender = Lender;
    using borrower = Borrower;
    using sender_engine = staying_sender<C, inner_core, Travelling, Lender>;
    using receiver_engine = staying_receiver<C, inner_core, Travelling, Borrower>;

public:
    using message_type = typename C::message;

    class core {
    public:
        static constexpr bool in_place = true;
        static constexpr bool sized_loans = !message::wire<message_type>::fixed_size;
        static constexpr bool late_loans = true;
        static constexpr bool has_bell = requires { requires inner_core::has_bell; };

        /// While something is lent out the transport's link says so too, and stays.
        struct context_type {
            bool& loan_out;
            bool& take_out;
            inner_core* inner;

            [[nodiscard]] bool has_bell() const noexcept requires core::has_bell { return inner->context().has_bell(); }
            void listen_for_bell() noexcept requires core::has_bell { inner->context().listen_for_bell(); }
        };

        core(inner_core& inner, lender& out, borrower& in)
            : context_{inner.context().loan_out, inner.context().take_out, &inner},
              sender_(inner, out),
              receiver_(inner, in) {}
        core(const core&) = delete;
        core& operator=(const core&) = delete;
        ~core() = default;

        [[nodiscard]] context_type& context() noexcept { return context_; }
        [[nodiscard]] sender_engine& sender() noexcept { return sender_; }
        [[nodiscard]] receiver_engine& receiver() noexcept { return receiver_; }
        [[nodiscard]] int native_handle() requires transport::pollable_core<inner_core> {
            return context_.inner->native_handle();
        }

    private:
        context_type context_;
        sender_engine sender_;
        receiver_engine receiver_;
    };

    /// `inner`: the transport's link of the endpoint `own` with `peer`, attached. `request`: what the endpoint's user
    /// asked for. Throws as attaching to a segment does.
    staying_link_end(std::shared_ptr<inner_end> inner, const segment::attachment_request& request, std::string_view own,
                     std::string_view peer)
        : inner_(std::move(inner)) {
        out_ = join<lender>(request, own, peer);
        in_ = join<borrower>(request, peer, own);
        core_ = std::make_unique<core>(*inner_->get(), *out_, *in_);
    }

    /// Takes over one side of a pair, by a descriptor of its bundle.
    static staying_link_end open_descriptor(int descriptor, std::size_t side) {
        return staying_link_end{bundled_pools<C>{descriptor}, side};
    }

    staying_link_end(staying_link_end&&) noexcept = default;
    staying_link_end& operator=(staying_link_end&&) = delete;
    staying_link_end(const staying_link_end&) = delete;
    staying_link_end& operator=(const staying_link_end&) = delete;
    ~staying_link_end() = default;

    /// Null after `detach`, and when the transport has let go of the link.
    [[nodiscard]] core* get() const noexcept {
        return inner_ != nullptr && inner_->get() != nullptr ? core_.get() : nullptr;
    }

    /// Whether this is around that link, and its pools are not removed.
    [[nodiscard]] bool is_around(const std::shared_ptr<inner_end>& inner) const noexcept {
        constexpr auto open = segment::closing::open;
        return inner_ == inner && get() != nullptr && out_->segment().closed() == open &&
               in_->segment().closed() == open;
    }

    /// Whether the peer has gone, nothing is in the link or in hands, and so the transport may let go of it.
    [[nodiscard]] bool is_deserted() const {
        return get() != nullptr && !is_in_use() && inner_->abandoned() && !out_->has_others() && !in_->has_others();
    }

    /// Whether a loan or a message is in the user's hands.
    [[nodiscard]] bool is_in_use() const noexcept {
        return get() != nullptr && (core_->context().loan_out || core_->context().take_out);
    }

    void detach() noexcept {
        core_.reset();
        inner_.reset();
        out_.reset();
        in_.reset();
    }

private:
    staying_link_end(bundled_pools<C>&& given, std::size_t side)
        : out_(std::make_unique<lender>(given.pool_at(side))),
          in_(std::make_unique<borrower>(given.pool_at(1 - side))),
          inner_(std::make_shared<inner_end>(inner_end::open_descriptor(given.end(), side))),
          file_(given.take_end()),
          core_(std::make_unique<core>(*inner_->get(), *out_, *in_)) {}

    template <class Member>
    [[nodiscard]] static std::unique_ptr<Member> join(const segment::attachment_request& request, std::string_view from,
                                                      std::string_view to) {
        const auto name = pool_type::name_of_way(from, to);
        return std::make_unique<Member>(pool_type::request(request, name, segment::opening::open_or_create),
                                        pool_type::limit(request));
    }

    std::unique_ptr<lender> out_;
    std::unique_ptr<borrower> in_;
    std::shared_ptr<inner_end> inner_;
    os::descriptor file_;  ///< of a pair, what the transport's link was opened by
    std::unique_ptr<core> core_;
};

}  // namespace parley::payload
