#pragma once

#include <cstddef>
#include <span>
#include <utility>

#include <parley/os/clock.hpp>
#include <parley/synchronization/concept.hpp>
#include <parley/transport/batch.hpp>
#include <parley/transport/datagram/outlet.hpp>
#include <parley/transport/datagram/patience.hpp>
#include <parley/transport/datagram/traits.hpp>
#include <parley/transport/death_notice.hpp>

namespace parley::transport::datagram {

/// The algorithm of a sender whose outlet has found its receiver (transport/link.hpp).
template <class C, class Family>
class counting_sender {
    using message_type = typename C::message;
    using sender_side = typename C::template word<synchronization_axis>::sender_side;

public:
    static constexpr bool rendezvous = false;

    counting_sender(typename Family::address to, death_notice& notice) : outlet_(std::move(to), "", &notice) {}

    /// Of a pair.
    counting_sender(typename Family::way&& to, death_notice& notice) : outlet_(std::move(to), "", &notice) {}

    [[nodiscard]] outlet<C, Family>& to() noexcept { return outlet_; }
    [[nodiscard]] const outlet<C, Family>& to() const noexcept { return outlet_; }

    template <class Context>
    [[nodiscard]] bool try_push(Context&, const message_type& content) {
        return outlet_.try_push(content);
    }

    template <class Context>
    [[nodiscard]] bool push_until(Context&, const message_type& content, os::deadline until) {
        const waiting guard(outlet_);
        patience<sender_side> patience(until, between_sends);
        return os::keep_trying(
            until, [&] { return outlet_.try_push(content); }, [&] { return outlet_.wait(patience); });
    }

    template <class Context>
    [[nodiscard]] std::size_t try_push_some(Context&, std::span<const message_type> batch) {
        return push_one_by_one(batch, [this](const message_type& each) { return outlet_.try_push(each); });
    }

    void check_peer(bool waited) { outlet_.check_peer(waited); }

private:
    struct waiting {
        outlet<C, Family>& to;
        explicit waiting(outlet<C, Family>& whom) noexcept : to(whom) {}
        waiting(const waiting&) = delete;
        waiting& operator=(const waiting&) = delete;
        ~waiting() { to.stop_waiting(); }
    };

    outlet<C, Family> outlet_;
};

}  // namespace parley::transport::datagram
