#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include <parley/os/clock.hpp>
#include <parley/os/error.hpp>
#include <parley/segment/segment.hpp>
#include <parley/synchronization/concept.hpp>
#include <parley/transport/socket/address.hpp>
#include <parley/transport/socket/claim.hpp>
#include <parley/transport/socket/direct_link.hpp>
#include <parley/transport/socket/patience.hpp>

namespace parley::transport::socket {

/// A process under its name, with all its links.
template <class C, class Hub, class Outlet>
class direct_endpoint {
    using kind = typename Hub::kind;
    using link_type = direct_link_end<C, Hub, Outlet>;
    using receiver_side = typename C::template word<synchronization_axis>::receiver_side;

public:
    using message_type = typename C::message;
    using addressed_message = std::pair<std::string, message_type>;

    explicit direct_endpoint(const segment::attachment_request& request)
        : name_(request.name),
          size_(request.pool_size),
          own_(checked(request.name)),
          in_(std::make_unique<Hub>(own_, request)) {}

    direct_endpoint(direct_endpoint&&) noexcept = default;
    direct_endpoint& operator=(direct_endpoint&& other) noexcept {
        leave();
        name_ = std::move(other.name_);
        size_ = other.size_;
        own_ = std::move(other.own_);
        in_ = std::move(other.in_);
        links_ = std::move(other.links_);
        next_look_ = other.next_look_;
        return *this;
    }
    direct_endpoint(const direct_endpoint&) = delete;
    direct_endpoint& operator=(const direct_endpoint&) = delete;
    ~direct_endpoint() { leave(); }

    [[nodiscard]] const std::string& name() const noexcept { return name_; }

    /// The link with `peer`, made if need be. It lasts as long as the endpoint; others may hold it longer, detached.
    [[nodiscard]] const std::shared_ptr<link_type>& link(std::string_view peer) {
        if (const auto found = links_.find(peer); found != links_.end()) {
            return found->second;
        }
        auto to = checked(peer);
        if (to.text == own_.text) {
            throw_error(errc::invalid_name, "the endpoint '" + name_ + "' cannot have a link with itself");
        }
        if (links_.size() >= next_look_) {
            let_go();
        }
        const auto text = to.text;
        auto found = links_.find(text);  // it may have been written in another way
        if (found == links_.end()) {
            found = links_.emplace(text, std::make_shared<link_type>(*in_, std::move(to), own_.text, size_)).first;
        }
        return links_.emplace(std::string(peer), found->second).first->second;
    }

    /// Receives from whoever has sent, waiting at most until the deadline.
    [[nodiscard]] std::optional<addressed_message> receive_until(os::deadline until) {
        if constexpr (receiver_side::waits) {
            const finishing<Hub> at_the_end{*in_};
            patience<receiver_side> spin;
            return os::keep_trying(
                until, [&] { return try_receive(); }, [&] { return in_->wait(nullptr, until, spin); });
        } else {
            return try_receive();
        }
    }

    [[nodiscard]] std::optional<addressed_message> try_receive() {
        auto result = in_->try_pop_any();
        if (!result && in_->is_closed()) {
            throw_error(errc::closed, in_->where() + " is closed: the endpoint was removed by its name");
        }
        return result;
    }

    /// From so many names of peers on, an endpoint lets go of links now and then: over time, any number of peers.
    static constexpr std::size_t crowded = 32;

    /// Takes away the links that nobody uses any more: the peer has gone, nothing of it is left to receive, and nobody
    /// else holds them.
    void let_go() {
        struct holders {
            long here = 0;  // a peer may have several spellings
            long all = 0;
        };
        std::map<const link_type*, holders> deserted;
        for (const auto& each : links_) {
            auto& of_it = deserted[each.second.get()];
            ++of_it.here;
            of_it.all = each.second.use_count();
        }
        std::erase_if(deserted, [](const auto& each) {
            auto* const core = each.first->get();
            return each.second.all != each.second.here || core == nullptr || !core->is_deserted();
        });
        std::erase_if(links_, [&](const auto& each) { return deserted.contains(each.second.get()); });
        next_look_ = links_.size() + crowded;
    }

    static bool remove(std::string_view name) { return claim::remove(checked(name)); }

    /// What goes with the connection that the last message came over, of anybody.
    [[nodiscard]] const auto& last_companion() const noexcept { return in_->last_companion(); }
    /// Ends that connection, since the message leads nowhere there.
    void refuse_last() { in_->refuse_last(); }

private:
    static constexpr std::size_t longest_name = 200;

    [[nodiscard]] static address checked(std::string_view name) {
        if (name.size() > longest_name) {
            throw_error(errc::invalid_name, "an endpoint's name has at most " + std::to_string(longest_name) +
                                                " bytes, '" + std::string(name.substr(0, 20)) + "...' has " +
                                                std::to_string(name.size()));
        }
        return kind::parse(name);
    }

    void leave() noexcept {
        for (auto& each : links_) {
            each.second->detach();
        }
        links_.clear();
        in_.reset();
    }

    std::string name_;
    std::uint64_t size_;  ///< of the companions of connections
    address own_;
    std::unique_ptr<Hub> in_;
    std::map<std::string, std::shared_ptr<link_type>, std::less<>> links_;  ///< by what the peers are called
    std::size_t next_look_ = crowded;                                       ///< with so many of them
};

}  // namespace parley::transport::socket
