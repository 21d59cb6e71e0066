#pragma once

#include <algorithm>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include <sys/types.h>
#include <unistd.h>

#include <parley/os/clock.hpp>
#include <parley/os/error.hpp>
#include <parley/payload/staying_link.hpp>
#include <parley/payload/staying_pool.hpp>
#include <parley/segment/segment.hpp>
#include <parley/transport/link.hpp>

namespace parley::payload {

/// A process under its name whose messages stay in pools: an adaptor around the transport's endpoint, which carries the
/// references.
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
        : request_(request), inner_(std::make_unique<inner_type>(request)), process_(::getpid()) {
        request_.name = {};
        request_.mode = segment::opening::open_or_create;
    }

    staying_endpoint(const staying_endpoint&) = delete;
    staying_endpoint& operator=(const staying_endpoint&) = delete;

    ~staying_endpoint() {
        for (auto& each : links_) {
            each.second->release();
        }
        const auto own = name();
        inner_.reset();
        for (auto& each : links_) {
            each.second->detach();
        }
        if constexpr (pool_type::ends == pool::ending::with_receiver) {
            if (process_ == ::getpid()) {
                leave_ways_to(own);
            }
        }
    }

    [[nodiscard]] const std::string& name() const noexcept { return inner_->name(); }

    /// As of the transport's endpoint.
    [[nodiscard]] const std::shared_ptr<link_type>& link(std::string_view peer) {
        return around(peer, inner_->link(peer));
    }

    /// Receives from whoever has sent, waiting at most until the deadline.
    [[nodiscard]] std::optional<addressed_message> receive_until(os::deadline until) {
        for (;;) {
            auto found = receive_within(until);
            if (found || !receiver_waits || until.passed()) {
                return found;
            }
        }
    }

    [[nodiscard]] std::optional<addressed_message> try_receive() {
        refuse_while_taken();
        if constexpr (opens_links) {
            return inner_->try_receive(taking());
        } else {
            if (auto found = handed([&] { return inner_->try_receive(); })) {
                return found;
            }
            return recovered();
        }
    }

    [[nodiscard]] int native_handle() requires requires(inner_type& inner) { inner.native_handle(); }
    { return inner_->native_handle(); }

    static bool remove(std::string_view name) {
        bool there = inner_type::remove(name);
        for (const auto& each : pool_type::ways_of(name, true)) {
            there = pool_type::lender::remove(each, pool_type::identity) || there;
        }
        return there;
    }

private:
    /// From so many links on, this lets go of those that nobody uses.
    static constexpr std::size_t crowded = 32;

    /// Whether the transport's endpoint lets this look into the links: then each message keeps its place there until it
    /// has been read. Else it gives the reference away.
    static constexpr bool opens_links = C::transport::capabilities.in_place;

    [[nodiscard]] const std::shared_ptr<link_type>& around(std::string_view peer,
                                                           const std::shared_ptr<inner_link>& inner) {
        auto found = links_.find(peer);
        if (found != links_.end()) {
            if (found->second->is_around(inner)) {
                return found->second;
            }
            found->second->detach();
            links_.erase(found);
        }
        if (links_.size() >= crowded) {
            std::erase_if(links_,
                          [](const auto& each) { return each.second.use_count() == 1 && each.second->is_deserted(); });
        }
        auto made = std::make_shared<link_type>(inner, request_, name(), peer);
        return links_.emplace(std::string(peer), std::move(made)).first->second;
    }

    [[nodiscard]] auto taking() {
        return [this](const typename inner_type::connection& from) {
            auto& core = *around(from.peer, from.link)->get();
            return core.receiver().try_pop(core.context());
        };
    }

    [[nodiscard]] std::optional<addressed_message> receive_within(os::deadline until) {
        refuse_while_taken();
        const auto slice = os::deadline::at(os::clock::now() + until.left(patience()));
        if constexpr (opens_links) {
            return inner_->receive_until(slice, taking());
        } else {
            if (auto found = handed([&] { return inner_->receive_until(slice); })) {
                return found;
            }
            return recovered();
        }
    }

    /// A message whose reference the transport's endpoint gives away. One that cannot be followed now, for want of
    /// descriptors perhaps, is kept for the next call.
    template <class Receive>
    [[nodiscard]] std::optional<addressed_message> handed(Receive receive) {
        if (!pending_) {
            pending_ = receive();
        }
        if (!pending_) {
            return std::nullopt;
        }
        auto& receiver = link(pending_->first)->get()->receiver();
        const auto given = std::exchange(pending_, std::nullopt);
        auto content = receiver.read_given(given->second);
        return content ? std::optional(addressed_message(given->first, std::move(*content))) : std::nullopt;
    }

    /// After nobody had a message: gives those a look whose senders lack blocks, for what the dead have lost comes back
    /// when a link is found empty.
    [[nodiscard]] std::optional<addressed_message> recovered() {
        for (auto& each : links_) {
            auto* core = each.second->get();
            if (core != nullptr && core->receiver().lacks_blocks()) {
                if (auto content = try_pop_among_many(*core)) {
                    return addressed_message(each.first, std::move(*content));
                }
            }
        }
        return std::nullopt;
    }

    /// That one peer has gone is no end for one who receives from anybody.
    [[nodiscard]] static std::optional<message_type> try_pop_among_many(typename link_type::core& core) {
        try {
            return core.receiver().try_pop(core.context());
        } catch (const error& end) {
            if (end.code() != errc::closed && end.code() != errc::peer_died) {
                throw;
            }
            return std::nullopt;
        }
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

    /// Leaves the pools of those from whom this endpoint never received: what lies in them came to nobody.
    static void leave_ways_to(const std::string& own) noexcept {
        try {
            for (const auto& each : pool_type::ways_of(own, false)) {
                segment::attachment_request request;
                request = pool_type::request(request, each, segment::opening::open_only);
                request.give_up = os::deadline::after(os::clock::duration::zero());
                try {
                    const typename pool_type::borrower leaving(request, 0);
                } catch (const error&) {  // it has just gone, or is another user's
                }
            }
        } catch (const std::exception&) {  // without memory they stay until they are used again
        }
    }

    segment::attachment_request request_;
    std::unique_ptr<inner_type> inner_;
    ::pid_t process_;
    std::map<std::string, std::shared_ptr<link_type>, std::less<>> links_;  ///< by what the peers are called
    std::optional<std::pair<std::string, Travelling>> pending_;
};

}  // namespace parley::payload
