#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <ctime>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include <parley/os/clock.hpp>
#include <parley/os/error.hpp>
#include <parley/segment/segment.hpp>
#include <parley/synchronization/concept.hpp>
#include <parley/transport/copying_context.hpp>
#include <parley/transport/socket/claim.hpp>
#include <parley/transport/socket/outlet.hpp>
#include <parley/transport/socket/patience.hpp>
#include <parley/transport/socket/presence.hpp>

/// Direct addressing over sockets: an endpoint is a *hub* at its own name, where everything comes in, and an *outlet*
/// to each peer that it has a link with. A link is the outlet to that peer and what comes in under that peer's name. So
/// nothing of one side needs anything of the other at the same time, and it does not matter who comes first.
///
/// This file knows nothing of connections. What it needs of a `Hub` is
/// - `kind::parse(name)`, which gives the `address` of a name, whose `text` peers know it by;
/// - `Hub(address, request)`: opens at that address. `where()`;
/// - `source`, what it knows of one peer: `source_of(name)` stays where it is as long as the hub, and
/// `state_of(source)`
///   says whether the peer is there, or how it ended, once everything that it sent has been received;
///   `forget_end(source)`: how it ended does not matter any more; `release(source)`: nobody holds on to it;
///   `refresh()`: learns who has come and gone;
/// - `try_pop(source*, closely, deadline)`, a message of that peer, or of anybody for null; `try_pop_some(source*,
///   batch, closely)`; and `try_pop_any()`, a message and the name under which it came. None of these waits, unless for
///   the answer of a sender that has asked;
/// - `is_ready(source*)`: whether an attempt would succeed, as far as one can know; where `straight`, only an attempt
///   knows;
/// - `wait(source*, deadline, patience)`: sleeps until an attempt may succeed, or it is time to look around; false when
///   the deadline has passed. `finish()` ends a series of waits;
/// - `is_closed()`: its name was removed, and everything has been received;
/// - `native_handle()`; `leave()`; and for pairs `noticed()`, after the outlet may have read from the connection of
/// both. What it needs of an `Outlet` is
/// - `Outlet(address, own_name, size)`, not connected; `to()`;
/// - `reach()`: tries to connect, without waiting; a `contact`. After an end it tries anew. `contacts()`: how often it
///   was made;
/// - `state()`: what is known of the peer, and for pairs `known()`, the same without reading, and `look_for_end()`,
///   after which it is known if the peer has gone; `other_description()`, where that is `presence::another`;
/// - `try_send(message, patient)`, an `attempt`; `patient` says that the caller waits and tries again;
/// - `wait(deadline, patience)`; `complete(deadline)`, after an attempt that was accepted; `give_up()`, after the last
///   one that was not;
/// - `companion()`, `is_stranded()`, and of the hub `last_companion()` and `refuse_last()`, where connections bring
///   something along (transport/socket/companion.hpp);
/// - `rendezvous`, `in_pieces`: whether a first attempt that does not wait makes no sense.
/// For pairs both are made of what `pair_of<Hub, Outlet>::attach(descriptor)` gives.

namespace parley::transport::socket {

/// How a pair of a hub and an outlet is made over one descriptor. A kind of sockets that has pairs specializes it.
template <class Hub, class Outlet>
struct pair_of;

/// One side of a link: the outlet to a peer, and what comes in from it.
template <class C, class Hub, class Outlet>
class direct_link {
    using message_type = typename C::message;
    using sender_side = typename C::template word<synchronization_axis>::sender_side;
    using receiver_side = typename C::template word<synchronization_axis>::receiver_side;

public:
    static constexpr bool rendezvous = Outlet::rendezvous || Outlet::in_pieces;

    /// Of an endpoint.
    direct_link(Hub& in, address to, const std::string& own_name, std::uint64_t size)
        : in_(&in), from_(&in.source_of(to.text)), out_(std::make_unique<Outlet>(std::move(to), own_name, size)) {
        static_cast<void>(reaches());
    }

    /// Of a pair.
    direct_link(std::unique_ptr<Hub> in, std::unique_ptr<Outlet> out)
        : own_in_(std::move(in)), in_(own_in_.get()), out_(std::move(out)) {}

    direct_link(const direct_link&) = delete;
    direct_link& operator=(const direct_link&) = delete;
    ~direct_link() {
        if (from_ != nullptr) {
            in_->release(*from_);
        }
    }

    [[nodiscard]] int native_handle() { return in_->native_handle(); }

    /// Of an endpoint: whether nobody is at the other end, and nothing of it is left to receive.
    [[nodiscard]] bool is_deserted() {
        return out_->state() != presence::here && Hub::state_of(*from_) != presence::here && !from_->has_message();
    }

    // Sending.

    [[nodiscard]] bool try_push(copying_context&, const message_type& content) {
        if (!reaches()) {
            check_peer_of(true);
            return false;
        }
        const noticing at_the_end{own_in_.get()};
        return sent(out_->try_send(content, false));
    }

    [[nodiscard]] bool push_until(copying_context&, const message_type& content,
                                  os::deadline until) requires sender_side::waits {
        const noticing at_the_end{own_in_.get()};
        patience<sender_side> spin;
        const bool accepted = os::keep_trying(
            until, [&] { return reaches() && sent(out_->try_send(content, true)); },
            [&] {
                if (out_->is_stranded()) {
                    return false;
                }
                if (spin.looks_closely()) {
                    check_peer_of(true);
                    if (outward() != presence::here) {
                        return wait_for_peer(until);
                    }
                }
                return out_->wait(until, spin);
            });
        if (accepted) {
            out_->complete(until);
        } else {
            out_->give_up();
        }
        return accepted;
    }
    [[nodiscard]] bool push_until(copying_context& context, const message_type& content,
                                  os::deadline) requires(!sender_side::waits) {
        return try_push(context, content);
    }

    [[nodiscard]] std::size_t try_push_some(copying_context& context, std::span<const message_type> batch) {
        const noticing at_the_end{own_in_.get()};
        std::size_t sent_now = 0;
        while (sent_now < batch.size()) {
            if (sent_now == 0 ? !try_push(context, batch[0])
                              : out_->try_send(batch[sent_now], false) != attempt::accepted) {
                break;  // after the first, what became of it the next call says
            }
            ++sent_now;
        }
        return sent_now;
    }

    /// What goes with the connection to the peer, after trying to make one; null where there is none.
    [[nodiscard]] auto companion() {
        if (!reaches()) {
            return decltype(out_->companion())();
        }
        return out_->companion();
    }
    /// What goes with the connection that the last message came over.
    [[nodiscard]] const auto& last_companion() const noexcept { return in_->last_companion(); }
    /// Ends that connection, since the message leads nowhere there.
    void refuse_last() { in_->refuse_last(); }
    /// Whether the last message was refused since it goes with a connection that is no more.
    [[nodiscard]] bool is_stranded() const noexcept { return out_->is_stranded(); }

    /// For a sender that lacks something else than room, which only the peer could give: throws if that has gone.
    void check_peer(bool) {
        const noticing at_the_end{own_in_.get()};
        static_cast<void>(out_->state());
        if (own_in_ != nullptr) {
            out_->look_for_end();
        }
        check_peer_of(true);
    }

    // Receiving.

    [[nodiscard]] std::optional<message_type> try_pop(copying_context&) {
        auto result = in_->try_pop(from_);
        if (!result) {
            check();
        }
        return result;
    }

    [[nodiscard]] std::optional<message_type> pop_until(copying_context&,
                                                        os::deadline until) requires receiver_side::waits {
        const finishing<Hub> at_the_end{*in_};
        patience<receiver_side> spin;
        return os::keep_trying(
            until, [&] { return in_->try_pop(from_, spin.looks_closely(), until); }, [&] { return wait(until, spin); });
    }
    [[nodiscard]] std::optional<message_type> pop_until(copying_context& context,
                                                        os::deadline) requires(!receiver_side::waits) {
        return try_pop(context);
    }

    [[nodiscard]] std::size_t try_pop_some(copying_context&, std::span<message_type> batch) {
        const finishing<Hub> at_the_end{*in_};
        const auto spin = std::exchange(waiting_, std::nullopt);  // over, however this ends but in vain
        const auto received = in_->try_pop_some(from_, batch, !spin || spin->looks_closely());
        if (received == 0 && !batch.empty()) {
            check();
            waiting_ = spin;
        }
        return received;
    }

    /// Waits until an attempt to receive may succeed; where only an attempt knows where to read to, for one step of a
    /// wait.
    [[nodiscard]] bool wait(copying_context&, os::deadline until) requires receiver_side::waits {
        if constexpr (Hub::straight) {
            auto spin = std::exchange(waiting_, std::nullopt).value_or(patience<receiver_side>{});
            const bool more = wait(until, spin);
            waiting_ = spin;
            return more;
        }
        patience<receiver_side> spin;
        while (!in_->is_ready(from_)) {
            if (!wait(until, spin)) {
                in_->finish();
                return false;
            }
        }
        return true;
    }

private:
    [[nodiscard]] bool wait(os::deadline until, patience<receiver_side>& spin) {
        if (spin.looks_closely()) {
            if (looks_.has_come()) {
                static_cast<void>(reaches());  // so that its death is noticed
            }
            check();
        }
        return in_->wait(from_, until, spin);
    }

    /// Whether the outlet is connected, after trying to. How a former process of that name ended does not matter any
    /// more when there is a new one.
    [[nodiscard]] bool reaches() {
        if (own_in_ != nullptr) {
            return true;
        }
        if (const auto how = out_->known(); is_refusal(how)) {
            end(how);  // before a new connection, which would end like this one
        }
        const bool made = out_->reach() == contact::made;
        if (out_->contacts() != contacts_) {
            contacts_ = out_->contacts();
            in_->forget_end(*from_);
        }
        return made;
    }

    [[nodiscard]] bool sent(attempt result) {
        if (result == attempt::over) {
            if (own_in_ != nullptr || !reaches()) {  // else it is back
                check_peer_of(true);
            }
        }
        return result == attempt::accepted;
    }

    [[nodiscard]] bool wait_for_peer(os::deadline until) const noexcept {
        constexpr auto shortest = std::chrono::milliseconds(2);
        const auto left = std::chrono::nanoseconds(until.left(shortest));
        const ::timespec moment{0, static_cast<long>(left.count())};
        ::nanosleep(&moment, nullptr);
        return !until.passed();
    }

    /// For a receiver that has found nothing.
    void check() {
        if (in_->is_closed()) {
            throw_error(errc::closed, in_->where() + " is closed: the endpoint was removed by its name");
        }
        check_peer_of(false);
    }

    /// Throws if the peer was there and is not any more. For one who receives it is there if anything of it is.
    void check_peer_of(bool sends) {
        const auto outward = this->outward();
        if (sends && outward != presence::here && own_in_ == nullptr) {
            in_->refresh();
        }
        const auto inward = own_in_ != nullptr ? in_->state() : in_->state_of(*from_);
        for (const auto how : {outward, inward}) {
            if (is_refusal(how)) {
                end(how);
            }
        }
        const bool one_is_enough = own_in_ == nullptr && (!sends || outward == presence::unknown);
        if (outward == presence::here || (one_is_enough && inward == presence::here)) {
            return;
        }
        for (const auto how : {presence::left, presence::died}) {
            if (inward == how || outward == how) {
                end(how);
            }
        }
    }

    /// What is known of the peer from the way out. Of a pair that is the way in, and its hub reads: what came would
    /// otherwise wait where the kernel shows nothing of it.
    [[nodiscard]] presence outward() { return own_in_ != nullptr ? out_->known() : out_->state(); }

    /// The peer is there, and no peer for this endpoint.
    [[nodiscard]] static bool is_refusal(presence how) noexcept {
        return how == presence::garbage || how == presence::another || how == presence::crowded ||
               how == presence::exhausted;
    }

    /// Throws. A refusal is told once, and a connection that ended with one is no more: the next call tries again, for
    /// by then the name may be somebody else's.
    [[noreturn, gnu::noinline]] void end(presence how) {
        const auto& where = out_->to().where();
        const auto there = how == presence::another ? out_->other_description() : std::string();
        if (own_in_ == nullptr && is_refusal(how)) {
            if (out_->known() == how) {
                out_->drop();
            }
            if (in_->state_of(*from_) == how) {
                in_->forget_end(*from_);
            }
        }
        if (how == presence::another) {
            throw_incompatible(where, there, C::introduction);
        }
        throw_ended(how, own_in_ != nullptr ? "the link of " + where : "the link with " + where, errc::peer_died,
                    own_in_ != nullptr ? "nobody comes back to a pair; make a new one"
                                       : "the link works again when the peer is back");
    }

    /// Of a pair, an attempt to send reads what has come, which the hub is to know of.
    struct noticing {
        Hub* in;
        explicit noticing(Hub* of) noexcept : in(of) {}
        noticing(const noticing&) = delete;
        noticing& operator=(const noticing&) = delete;
        ~noticing() {
            if (in != nullptr) {
                in->noticed();
            }
        }
    };

    std::unique_ptr<Hub> own_in_;  ///< of a pair
    Hub* in_;
    typename Hub::source* from_ = nullptr;  ///< of an endpoint
    std::unique_ptr<Outlet> out_;
    std::optional<patience<receiver_side>> waiting_;  ///< for a batch
    unsigned contacts_ = 0;
    occasion looks_;
};

/// What a link works with, as the channel sees it.
template <class C, class Hub, class Outlet>
class direct_link_end {
public:
    using message_type = typename C::message;

    class core {
    public:
        static constexpr bool in_place = false;

        template <class... Parts>
        explicit core(Parts&&... parts) : link_(std::forward<Parts>(parts)...) {}
        core(const core&) = delete;
        core& operator=(const core&) = delete;
        ~core() = default;

        [[nodiscard]] copying_context& context() noexcept { return context_; }
        [[nodiscard]] auto& sender() noexcept { return link_; }
        [[nodiscard]] auto& receiver() noexcept { return link_; }
        [[nodiscard]] int native_handle() { return link_.native_handle(); }
        [[nodiscard]] bool is_deserted() { return !context_.loan_out && !context_.take_out && link_.is_deserted(); }

    private:
        copying_context context_;
        direct_link<C, Hub, Outlet> link_;
    };

    /// `size`: of the companions of its connections (transport/socket/companion.hpp).
    direct_link_end(Hub& in, address to, const std::string& own_name, std::uint64_t size)
        : core_(std::make_unique<core>(in, std::move(to), own_name, size)) {}

    /// Takes over one side of a pair, by a duplicate of its descriptor. The two sides are alike.
    static direct_link_end open_descriptor(int descriptor, std::size_t) {
        auto [in, out] = pair_of<Hub, Outlet>::attach(descriptor);
        return direct_link_end{std::make_unique<core>(std::move(in), std::move(out))};
    }

    /// Null after `detach`.
    [[nodiscard]] core* get() const noexcept { return core_.get(); }
    void detach() noexcept { core_.reset(); }

private:
    explicit direct_link_end(std::unique_ptr<core> made) noexcept : core_(std::move(made)) {}

    std::unique_ptr<core> core_;
};

}  // namespace parley::transport::socket
