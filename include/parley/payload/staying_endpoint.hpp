#pragma once

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include <parley/os/clock.hpp>
#include <parley/os/error.hpp>
#include <parley/payload/staying_link.hpp>
#include <parley/payload/staying_pool.hpp>
#include <parley/segment/segment.hpp>
#include <parley/transport/memory/direct_endpoint.hpp>
#include <parley/transport/memory/ring_engine.hpp>

namespace parley::payload {

/// A process under its name whose messages stay in pools: an adaptor around the transport's endpoint, which carries the
/// references and lets this look into its links (transport/memory/direct_endpoint.hpp).
template <class C, class Travelling>
class staying_endpoint {
    using inner_type = typename C::transport::template endpoint<carried<C, Travelling>>;
    using inner_link = typename C::transport::template link_end<carried<C, Travelling>>;
    using link_type = staying_link_end<C, Travelling>;
    using pool_type = pool_of<C>;
    static constexpr bool receiver_waits = C::synchronization::receiver_side::waits;

public:
    using message_type = typename C::message;
    using addressed_message = std::pair<std::string, message_type>;

    explicit staying_endpoint(const segment::attachment_request& request)
        : request_(request), inner_(std::make_unique<inner_type>(request)) {
        request_.name = {};
        request_.mode = segment::opening::open_or_create;
    }

    staying_endpoint(const staying_endpoint&) = delete;
    staying_endpoint& operator=(const staying_endpoint&) = delete;

    ~staying_endpoint() {
        for (auto& each : links_) {
            each.second->detach();
        }
        inner_.reset();  // on their way out links may still send references, whose blocks are in their pools
    }

    [[nodiscard]] const std::string& name() const noexcept { return inner_->name(); }

    /// As of the transport's endpoint.
    [[nodiscard]] const std::shared_ptr<link_type>& link(std::string_view peer) {
        let_go();
        if (links_.find(peer) == links_.end()) {  // throws now if the names are too long: before the peer is told
            static_cast<void>(pool_type::name_of_way(name(), peer));
            static_cast<void>(pool_type::name_of_way(peer, name()));
        }
        return around(peer, inner_->link(peer));
    }

    /// Receives from whoever has sent, waiting at most until the deadline.
    [[nodiscard]] std::optional<addressed_message> receive_until(os::deadline until) {
        for (;;) {
            refuse_while_taken();
            let_go();
            const auto slice = os::deadline::at(os::clock::now() + until.left(patience()));
            auto found = inner_->receive_until(slice, taking());
            if (found || !receiver_waits || until.passed()) {
                return found;
            }
        }
    }

    [[nodiscard]] std::optional<addressed_message> try_receive() {
        refuse_while_taken();
        let_go();
        return inner_->try_receive(taking());
    }

    [[nodiscard]] int native_handle() requires requires(inner_type& inner) { inner.native_handle(); }
    { return inner_->native_handle(); }

    /// Removes the endpoint, its links and all their pools. Goes on to the end if one of these cannot be removed, and
    /// then throws why.
    static bool remove(std::string_view name) {
        bool there = inner_type::remove(name);
        std::optional<error> failure;
        for (const auto& each : pool_type::ways_of(name)) {
            try {
                there = pool_type::lender::remove(each, pool_type::identity) || there;
            } catch (const error& thrown) {
                failure = thrown;
            }
        }
        if (failure) {
            throw error(*failure);
        }
        return there;
    }

private:
    /// As the transport's endpoint does, from as many links on: of those whose peers have gone, and that nobody uses.
    void let_go() {
        if (links_.size() < transport::memory::crowded || !suspicion_.due()) [[likely]] {
            return;
        }
        const auto count = links_.size();
        std::erase_if(links_,
                      [](const auto& each) { return each.second.use_count() == 1 && each.second->is_deserted(); });
        if (links_.size() != count) {
            inner_->let_go();
        }
    }

    [[nodiscard]] const std::shared_ptr<link_type>& around(std::string_view peer,
                                                           const std::shared_ptr<inner_link>& inner) {
        auto found = links_.find(peer);
        if (found != links_.end()) {
            if (found->second->is_around(inner) || found->second->is_in_use()) {
                return found->second;
            }
            found->second->detach();
            links_.erase(found);
        }
        auto made = std::make_shared<link_type>(inner, request_, name(), peer);
        return links_.emplace(std::string(peer), std::move(made)).first->second;
    }

    /// Gets the message of a peer out of its link and its pool. Of a pool that cannot be joined it says so, and leaves
    /// the link alone for a while: nobody else's messages are to wait for that.
    [[nodiscard]] auto taking() {
        return [this](typename inner_type::connection& from) -> std::optional<message_type> {
            if (from.passed_over()) [[unlikely]] {
                return std::nullopt;
            }
            const link_type* joined = nullptr;
            try {
                joined = around(from.peer, from.link).get();
            } catch (const error&) {
                from.passed_over_until = os::clock::now() + std::chrono::seconds(1);
                throw;
            }
            auto* core = joined->get();
            return core == nullptr ? std::nullopt : core->receiver().try_pop(core->context());
        };
    }

    [[nodiscard]] os::clock::duration patience() const noexcept {
        os::clock::duration result = os::look_around_interval;
        for (const auto& each : links_) {
            if (auto* core = each.second->get(); core != nullptr) {
                result = std::min(result, core->receiver().patience());
            }
        }
        return result;
    }

    void refuse_while_taken() const {
        for (const auto& each : links_) {
            if (auto* core = each.second->get(); core != nullptr && core->context().take_out) [[unlikely]] {
                throw_error(errc::bad_state, "a message taken from '" + each.first +
                                                 "' is still held; release it before you receive from anybody");
            }
        }
    }

    segment::attachment_request request_;
    std::unique_ptr<inner_type> inner_;
    std::map<std::string, std::shared_ptr<link_type>, std::less<>> links_;  ///< by what the peers are called
    transport::memory::suspicion suspicion_;
};

}  // namespace parley::payload
