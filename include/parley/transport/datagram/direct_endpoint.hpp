#pragma once

#include <algorithm>
#include <list>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include <poll.h>
#include <unistd.h>

#include <parley/os/clock.hpp>
#include <parley/os/error.hpp>
#include <parley/segment/segment.hpp>
#include <parley/transport/datagram/exchange.hpp>
#include <parley/transport/datagram/link_end.hpp>
#include <parley/transport/datagram/patience.hpp>
#include <parley/transport/datagram/traits.hpp>

namespace parley::transport::datagram {

/// A process under its name, with all its links: one socket into which all peers send, and for each peer that it names
/// one that sends to it.
template <class C, class Family>
class direct_endpoint {
    using link_type = link_end<C, Family>;
    using exchange_type = exchange<C, Family>;
    using receiver_side = typename C::template word<synchronization_axis>::receiver_side;

public:
    using message_type = typename C::message;

    explicit direct_endpoint(const segment::attachment_request& request) : process_(::getpid()) {
        auto at = Family::parse(request.name);
        name_ = at.text;
        check(name_);
        exchange_ = std::make_unique<exchange_type>(Family::place::open(at, request, {C::fingerprint, C::introduction},
                                                                        window<C>, parcel_for<C>::largest, bare<C>));
    }

    direct_endpoint(direct_endpoint&&) noexcept = default;
    direct_endpoint& operator=(direct_endpoint&& other) noexcept {
        leave();
        name_ = std::move(other.name_);
        process_ = other.process_;
        exchange_ = std::move(other.exchange_);
        connections_ = std::move(other.connections_);
        return *this;
    }
    direct_endpoint(const direct_endpoint&) = delete;
    direct_endpoint& operator=(const direct_endpoint&) = delete;
    ~direct_endpoint() { leave(); }

    [[nodiscard]] const std::string& name() const noexcept { return name_; }

    /// The link with `peer`. It finds the peer at first use, and lasts as long as the endpoint; others may hold it
    /// longer, detached.
    [[nodiscard]] const std::shared_ptr<link_type>& link(std::string_view peer) {
        for (const auto& each : connections_) {
            if (each.given == peer) {
                return each.link;
            }
        }
        return connect(peer);
    }

    [[nodiscard]] std::optional<std::pair<std::string, message_type>> receive_until(os::deadline until) {
        patience<receiver_side> patience(until, between_receives);
        return os::keep_trying(
            until, [&] { return try_receive(); },
            [&] {
                const auto slice = exchange_->at().owes_credit() ? std::chrono::milliseconds(2)
                                                                 : os::clock::duration(os::look_around_interval);
                return patience.wait(exchange_->at().descriptor(), POLLIN, slice,
                                     [&] { static_cast<void>(exchange_->at().removed()); });
            });
    }

    [[nodiscard]] std::optional<std::pair<std::string, message_type>> try_receive() {
        if (auto found = exchange_->next_of_anybody()) {
            return std::pair{found->first->peer(), std::move(found->second)};
        }
        if (++vain_ % polls_per_look == 0) {
            static_cast<void>(exchange_->at().removed());
        }
        if (exchange_->at().was_removed()) {
            throw_error(errc::closed, exchange_->at().text() + " is closed: the endpoint was removed by its name");
        }
        return std::nullopt;
    }

    static bool remove(std::string_view name) { return Family::remove(name); }

private:
    static constexpr unsigned polls_per_look = 256;
    static constexpr std::size_t crowded = boxes::most / 2;

    struct connection {
        std::string given;  ///< the peer's name as the user wrote it
        std::shared_ptr<link_type> link;
    };

    static void check(const std::string& name) {
        if (name.size() > longest_name) {
            throw_error(errc::invalid_name, "the endpoint's name '" + name + "' has " + std::to_string(name.size()) +
                                                " bytes, and it may have " + std::to_string(longest_name));
        }
    }

    [[nodiscard]] const std::shared_ptr<link_type>& connect(std::string_view peer) {
        auto to = Family::parse(peer);
        check(to.text);
        if (to.text == name_) {
            throw_error(errc::invalid_name, "the endpoint '" + name_ + "' cannot have a link with itself");
        }
        for (const auto& each : connections_) {
            if (each.link->get()->sender().to().address().text == to.text) {
                return connections_.emplace_back(connection{std::string(peer), each.link}).link;  // another spelling
            }
        }
        if (connections_.size() >= crowded) {
            let_go();
        }
        auto& own = exchange_->box_of(to.text);
        auto made = std::make_shared<link_type>(std::make_unique<typename link_type::core>(*exchange_, to, name_, own));
        return connections_.emplace_back(connection{std::string(peer), std::move(made)}).link;
    }

    /// Takes away the links that the user does not hold, and whose peers have gone.
    void let_go() {
        connections_.remove_if([](const connection& each) {
            auto& to = each.link->get()->sender().to();
            return each.link.use_count() == 1 &&
                   !(to.connected() && to.state() == fate::alive && Family::answers(to.address()));
        });
    }

    void leave() noexcept {
        for (auto& each : connections_) {
            if (auto* core = each.link->get(); core != nullptr) {
                if (process_ == ::getpid()) {
                    core->sender().to().take_leave();
                }
                each.link->detach();
            }
        }
        connections_.clear();
        exchange_.reset();
    }

    std::string name_;
    ::pid_t process_;
    std::unique_ptr<exchange_type> exchange_;
    std::list<connection> connections_;
    unsigned vain_ = 0;
};

}  // namespace parley::transport::datagram
