#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

#include <parley/os/clock.hpp>
#include <parley/os/error.hpp>
#include <parley/payload/carried.hpp>
#include <parley/payload/connection_link.hpp>
#include <parley/payload/connection_pool.hpp>
#include <parley/payload/staying_endpoint.hpp>
#include <parley/payload/staying_receiver.hpp>
#include <parley/segment/segment.hpp>

namespace parley::payload {

/// A process under its name whose messages stay in the pools of its connections (payload/connection_pool.hpp): an
/// adaptor around the transport's endpoint, which carries the references.
template <class C, class Travelling>
class connection_endpoint {
    using inner_type = typename C::transport::template endpoint<carried<C, Travelling>>;
    using inner_link = typename C::transport::template link_end<carried<C, Travelling>>;
    using link_type = connection_link_end<C, Travelling>;

public:
    using message_type = typename C::message;
    using addressed_message = std::pair<std::string, message_type>;

    explicit connection_endpoint(const segment::attachment_request& request)
        : inner_(std::make_unique<inner_type>(request)), from_(*inner_), pool_(from_), engine_(from_, pool_) {}

    connection_endpoint(const connection_endpoint&) = delete;
    connection_endpoint& operator=(const connection_endpoint&) = delete;

    ~connection_endpoint() {
        for (auto& each : links_) {
            each.second->detach();
        }
    }

    [[nodiscard]] const std::string& name() const noexcept { return inner_->name(); }

    /// As of the transport's endpoint.
    [[nodiscard]] const std::shared_ptr<link_type>& link(std::string_view peer) {
        if (links_.size() >= next_look_) {
            let_go();
        }
        const auto& inner = inner_->link(peer);
        const auto found = links_.find(inner.get());
        return found != links_.end() ? found->second
                                     : links_.emplace(inner.get(), std::make_shared<link_type>(inner)).first->second;
    }

    /// Receives from whoever has sent, waiting at most until the deadline.
    [[nodiscard]] std::optional<addressed_message> receive_until(os::deadline until) {
        if constexpr (C::synchronization::receiver_side::waits) {
            refuse_while_taken();
            return named(engine_.pop_until(from_.context(), until));
        } else {
            return try_receive();
        }
    }

    [[nodiscard]] std::optional<addressed_message> try_receive() {
        refuse_while_taken();
        return named(engine_.try_pop(from_.context()));
    }

    static bool remove(std::string_view name) { return inner_type::remove(name); }

private:
    /// As the transport's endpoint does, which cannot let go of what is held here.
    void let_go() {
        std::erase_if(links_,
                      [](const auto& each) { return each.second.use_count() == 1 && each.second->is_deserted(); });
        inner_->let_go();
        next_look_ = links_.size() + inner_type::crowded;
    }

    /// What the endpoint receives of anybody, as a link of one of whom the name is known afterwards.
    class anybody {
    public:
        static constexpr bool in_place = false;

        struct context_type {
            bool take_out = false;
        };

        explicit anybody(inner_type& inner) noexcept : inner_(&inner) {}

        [[nodiscard]] context_type& context() noexcept { return context_; }
        [[nodiscard]] anybody& receiver() noexcept { return *this; }
        [[nodiscard]] const auto& last_companion() const noexcept { return inner_->last_companion(); }
        void refuse_last() { inner_->refuse_last(); }
        [[nodiscard]] const std::string& name() const noexcept { return name_; }

        [[nodiscard]] std::optional<Travelling> try_pop(context_type&) {
            return taken(came_ ? std::exchange(came_, std::nullopt) : inner_->try_receive());
        }
        [[nodiscard]] std::optional<Travelling> pop_until(context_type&, os::deadline until) {
            return taken(came_ ? std::exchange(came_, std::nullopt) : inner_->receive_until(until));
        }
        [[nodiscard]] bool wait(context_type&, os::deadline until) {
            if (!came_) {
                came_ = inner_->receive_until(until);
            }
            return came_.has_value();
        }

    private:
        using arrival = std::optional<std::pair<std::string, Travelling>>;

        [[nodiscard]] std::optional<Travelling> taken(arrival found) {
            if (!found) {
                return std::nullopt;
            }
            name_ = std::move(found->first);
            return std::move(found->second);
        }

        inner_type* inner_;
        context_type context_;
        arrival came_;
        std::string name_;
    };

    [[nodiscard]] std::optional<addressed_message> named(std::optional<message_type> found) {
        return found ? std::optional(addressed_message{from_.name(), std::move(*found)}) : std::nullopt;
    }

    void refuse_while_taken() const {
        for (const auto& each : links_) {
            if (auto* core = each.second->get(); core != nullptr && core->context().take_out) [[unlikely]] {
                throw_error(errc::bad_state,
                            "a message taken from a link is still held; release it before you receive from anybody");
            }
        }
    }

    std::unique_ptr<inner_type> inner_;
    std::map<const inner_link*, std::shared_ptr<link_type>> links_;
    std::size_t next_look_ = inner_type::crowded;
    anybody from_;
    arriving_pool<C, anybody> pool_;
    staying_receiver<C, anybody, Travelling, arriving_pool<C, anybody>> engine_;
};

/// The endpoint of a composition whose messages stay.
template <class C, class Travelling>
using endpoint_for =
    std::conditional_t<by_connection<C>, connection_endpoint<C, Travelling>, staying_endpoint<C, Travelling>>;

}  // namespace parley::payload
