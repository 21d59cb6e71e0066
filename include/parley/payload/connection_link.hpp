#pragma once

#include <cstddef>
#include <memory>
#include <type_traits>
#include <utility>

#include <parley/os/descriptor.hpp>
#include <parley/payload/bundled_pools.hpp>
#include <parley/payload/carried.hpp>
#include <parley/payload/connection_pool.hpp>
#include <parley/payload/staying_link.hpp>
#include <parley/payload/staying_pool.hpp>

namespace parley::payload {

/// One side of a direct link whose messages stay in the pools of its connections (payload/connection_pool.hpp): an
/// adaptor around the transport's.
template <class C, class Travelling>
class connection_link_end {
    using inner_end = typename C::transport::template link_end<carried<C, Travelling>>;
    using inner_core = typename inner_end::core;
    using lender = departing_pool<C, inner_core>;
    using borrower = arriving_pool<C, inner_core>;

public:
    using message_type = typename C::message;
    using core = typename staying_link_end<C, Travelling, lender, borrower>::core;

    /// Of an endpoint.
    explicit connection_link_end(std::shared_ptr<inner_end> inner)
        : inner_(std::move(inner)),
          out_(std::make_unique<lender>(*inner_->get())),
          in_(std::make_unique<borrower>(*inner_->get())),
          core_(std::make_unique<core>(*inner_->get(), *out_, *in_)) {}

    /// Takes over one side of a pair, by a descriptor of its bundle.
    static connection_link_end open_descriptor(int descriptor, std::size_t side) {
        return connection_link_end{bundled_pools<C>{descriptor}, side};
    }

    connection_link_end(connection_link_end&&) noexcept = default;
    connection_link_end& operator=(connection_link_end&&) = delete;
    connection_link_end(const connection_link_end&) = delete;
    connection_link_end& operator=(const connection_link_end&) = delete;
    ~connection_link_end() = default;

    /// Null after `detach`, and when the transport has let go of the link.
    [[nodiscard]] core* get() const noexcept {
        return inner_ != nullptr && inner_->get() != nullptr ? core_.get() : nullptr;
    }

    /// Whether the peer has gone, nothing is in the link or in hands, and so the transport may let go of it.
    [[nodiscard]] bool is_deserted() const { return get() != nullptr && inner_->get()->is_deserted(); }

    void detach() noexcept {
        core_.reset();
        out_.reset();
        in_.reset();
        inner_.reset();
    }

private:
    connection_link_end(bundled_pools<C>&& given, std::size_t side)
        : connection_link_end(given.end(), side, std::make_shared<typename pool_of<C>::lender>(given.pool_at(side)),
                              std::make_shared<typename pool_of<C>::borrower>(given.pool_at(1 - side))) {}

    /// The pools come first: an end whose pools are refused has not touched its connection.
    connection_link_end(int end, std::size_t side, std::shared_ptr<typename pool_of<C>::lender>&& out,
                        std::shared_ptr<typename pool_of<C>::borrower>&& in)
        : inner_(std::make_shared<inner_end>(inner_end::open_descriptor(end, side))),
          out_(std::make_unique<lender>(*inner_->get(), std::move(out))),
          in_(std::make_unique<borrower>(*inner_->get(), std::move(in))),
          core_(std::make_unique<core>(*inner_->get(), *out_, *in_)) {}

    std::shared_ptr<inner_end> inner_;
    std::unique_ptr<lender> out_;
    std::unique_ptr<borrower> in_;
    std::unique_ptr<core> core_;
};

/// The link of a composition whose messages stay.
template <class C, class Travelling>
using link_end_for =
    std::conditional_t<by_connection<C>, connection_link_end<C, Travelling>, staying_link_end<C, Travelling>>;

}  // namespace parley::payload
