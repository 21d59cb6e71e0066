#pragma once

#include <chrono>
#include <cstddef>
#include <ctime>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <type_traits>
#include <utility>

#include <parley/buffering/concept.hpp>
#include <parley/os/clock.hpp>
#include <parley/os/descriptor.hpp>
#include <parley/os/error.hpp>
#include <parley/segment/segment.hpp>
#include <parley/synchronization/concept.hpp>
#include <parley/transport/copying_context.hpp>
#include <parley/transport/death_notice.hpp>
#include <parley/transport/socket/claim.hpp>
#include <parley/transport/socket/outlet.hpp>
#include <parley/transport/socket/patience.hpp>
#include <parley/transport/socket/presence.hpp>

/// The two ends of a port over sockets: the receiver owns a hub, each sender an outlet to it.

namespace parley::transport::socket {

/// When an end of the other side is told, and as what. A side that only polls learns of a death after a while.
class obituary {
public:
    explicit obituary(death_notice& notice) noexcept : notice_(&notice) {}

    /// For an attempt: whether to tell now.
    [[nodiscard]] bool tells_now(presence how) noexcept {
        return how != presence::died || told_ || ++vain_ % attempts_in_vain == 0;
    }
    /// `waits`: whether the call waits, unless it is an attempt.
    [[noreturn]] void tell(presence how, const std::string& where, bool waits, const char* remedy) {
        told_ = true;
        const bool as_a_death = how == presence::died && notice_->is_due(waits);
        throw_ended(how, where, as_a_death ? errc::peer_died : errc::closed, remedy);
    }

private:
    static constexpr unsigned attempts_in_vain = 256;

    death_notice* notice_;
    bool told_ = false;  ///< as whatever
    unsigned vain_ = 0;
};

/// What a sender of a port, or of a pair, does with its outlet.
template <class C, class Outlet>
class port_sender {
    using message_type = typename C::message;
    using sender_side = typename C::template word<synchronization_axis>::sender_side;
    /// Whoever sends into a buffer without an end waits for nobody.
    static constexpr bool may_wait = C::template word<buffering_axis>::capacity != buffering::without_limit;

public:
    /// An attempt is something else than a wait that ends at once: in a rendezvous, and where the kernel may not take a
    /// message in one piece.
    static constexpr bool rendezvous = Outlet::rendezvous || Outlet::in_pieces;

    port_sender(std::unique_ptr<Outlet> out, death_notice& notice) : out_(std::move(out)), obituary_(notice) {
        if (out_->to().has_path()) {
            file_ = file_identity::at(out_->to().path);
        }
    }

    [[nodiscard]] Outlet& out() noexcept { return *out_; }

    [[nodiscard]] bool try_push(closing_context&, const message_type& content) {
        switch (out_->try_send(content, false)) {
            case attempt::accepted:
                return true;
            case attempt::refused:
                return false;
            default:
                if (obituary_.tells_now(out_->state())) {
                    tell(may_wait);
                }
                return false;
        }
    }

    [[nodiscard]] bool push_until(closing_context&, const message_type& content,
                                  os::deadline until) requires sender_side::waits {
        patience<sender_side> spin;
        const bool accepted = os::keep_trying(
            until,
            [&] {
                const auto result = out_->try_send(content, true);
                if (result == attempt::over) {
                    tell(may_wait);
                }
                return result == attempt::accepted;
            },
            [&] { return out_->wait(until, spin) && is_still_there(); });
        if (accepted) {
            out_->complete(until);
        } else {
            out_->give_up();
        }
        return accepted;
    }
    [[nodiscard]] bool push_until(closing_context& context, const message_type& content,
                                  os::deadline) requires(!sender_side::waits) {
        return try_push(context, content);
    }

    [[nodiscard]] std::size_t try_push_some(closing_context& context, std::span<const message_type> batch) {
        std::size_t sent = 0;
        while (sent < batch.size()) {
            if (sent == 0) {
                if (!try_push(context, batch[sent])) {
                    break;
                }
            } else if (out_->try_send(batch[sent], false) != attempt::accepted) {
                break;  // what became of it, the next call says
            }
            ++sent;
        }
        return sent;
    }

    /// For a sender that lacks something else than room, which only the receiver could give: throws if that has gone.
    /// `waited`: for that it has just waited.
    void check_peer(bool waited) {
        if (is_over(out_->state())) {
            tell(waited || may_wait);
        }
    }

private:
    /// A name that leads elsewhere was removed, although its owner may not have noticed yet.
    [[nodiscard]] bool is_still_there() {
        const auto& to = out_->to();
        if (to.has_path() && looks_.has_come() && file_identity::at(to.path) != file_ && !is_over(out_->state())) {
            throw_ended(presence::left, to.where(), errc::closed, remedy);
        }
        return true;
    }

    [[noreturn, gnu::noinline]] void tell(bool waits) {
        const auto how = out_->state();
        if (how == presence::another) {
            throw_incompatible(out_->to().where(), out_->other_description(), C::introduction);
        }
        obituary_.tell(how, out_->to().where(), waits, remedy);
    }

    static constexpr auto remedy = "open it again when a new one exists";

    std::unique_ptr<Outlet> out_;
    file_identity file_;
    obituary obituary_;
    occasion looks_;
};

/// A sender's end of a port.
template <class C, class Outlet>
class port_sending_end {
    using kind = typename Outlet::kind;

public:
    using message_type = typename C::message;

    /// What a sender works with. Stays where it is when the end is moved.
    class core {
    public:
        static constexpr bool in_place = false;

        explicit core(std::unique_ptr<Outlet> out) : sender_(std::move(out), context_.notice()) {}
        core(const core&) = delete;
        core& operator=(const core&) = delete;
        ~core() = default;

        [[nodiscard]] closing_context& context() noexcept { return context_; }
        [[nodiscard]] auto& sender() noexcept { return sender_; }
        [[nodiscard]] int native_handle() noexcept { return sender_.out().descriptor(); }

    private:
        closing_context context_;
        port_sender<C, Outlet> sender_;
    };

    /// Connects to the port of that name, which its receiver makes. `open_within` is how long to wait for that.
    static port_sending_end open(const segment::attachment_request& request) {
        if (request.mode == segment::opening::create_only) {
            throw_error(errc::bad_state, "creating the port '" + std::string(request.name) +
                                             "' from a sender: a port is created by its receiver; open it instead");
        }
        auto out = std::make_unique<Outlet>(kind::parse(request.name), std::string());
        connect(*out, request.give_up);
        if constexpr (Outlet::framed) {
            if (out->to().has_path()) {
                compare(out->to(), {C::fingerprint, C::introduction});
            }
        }
        port_sending_end result;
        result.core_ = std::make_unique<core>(std::move(out));
        return result;
    }

    /// Takes over one end of a pair, by a duplicate of its descriptor.
    static port_sending_end open_descriptor(int descriptor) {
        port_sending_end result;
        result.core_ = std::make_unique<core>(Outlet::of_pair(descriptor));
        return result;
    }

    static bool remove(std::string_view name) { return claim::remove(kind::parse(name)); }

    /// Null after a move.
    [[nodiscard]] core* get() const noexcept { return core_.get(); }

private:
    static void connect(Outlet& out, os::deadline give_up) {
        const auto soon = os::deadline::after(std::chrono::seconds(10));
        for (;;) {
            switch (out.reach()) {
                case contact::made:
                    return;
                case contact::begun:  // the network's answer is on its way
                    if (give_up.passed() && soon.passed()) {
                        throw_error(errc::not_found, out.to().where() + " does not answer");
                    }
                    out.await_contact(soon.passed() ? give_up : soon);
                    break;
                case contact::busy:
                    if (give_up.passed() && soon.passed()) {
                        throw_error(errc::too_many_participants,
                                    out.to().where() + " has a full queue of connections, and nobody takes them");
                    }
                    pause();
                    break;
                default:
                    if (give_up.passed()) {
                        throw_error(errc::not_found, out.to().where() +
                                                         ": no receiver has this port; start it first, or wait for it "
                                                         "with options::open_within");
                    }
                    pause();
            }
        }
    }

    static void pause() noexcept {
        constexpr ::timespec moment{0, 2'000'000};
        ::nanosleep(&moment, nullptr);
    }

    std::unique_ptr<core> core_;
};

/// What the receiver of a port, or of a pair, does with its hub.
template <class C, class Hub>
class port_receiver {
    using message_type = typename C::message;
    using receiver_side = typename C::template word<synchronization_axis>::receiver_side;

public:
    port_receiver(std::unique_ptr<Hub> in, death_notice& notice) noexcept : in_(std::move(in)), obituary_(notice) {}

    [[nodiscard]] Hub& in() noexcept { return *in_; }

    [[nodiscard]] std::optional<message_type> try_pop(closing_context&) {
        auto result = in_->try_pop(nullptr);
        if (!result) {
            check(false);
        }
        return result;
    }

    [[nodiscard]] std::optional<message_type> pop_until(closing_context&,
                                                        os::deadline until) requires receiver_side::waits {
        const finishing<Hub> at_the_end{*in_};
        patience<receiver_side> spin;
        return os::keep_trying(
            until, [&] { return in_->try_pop(nullptr, spin.looks_closely(), until); },
            [&] {
                check(true);
                return in_->wait(nullptr, until, spin);
            });
    }
    [[nodiscard]] std::optional<message_type> pop_until(closing_context& context,
                                                        os::deadline) requires(!receiver_side::waits) {
        return try_pop(context);
    }

    [[nodiscard]] std::size_t try_pop_some(closing_context&, std::span<message_type> batch) {
        const finishing<Hub> at_the_end{*in_};
        const auto spin = std::exchange(waiting_, std::nullopt);  // over, however this ends but in vain
        const auto received = in_->try_pop_some(nullptr, batch, !spin || spin->looks_closely());
        if (received == 0 && !batch.empty()) {
            check(false);
            waiting_ = spin;
        }
        return received;
    }

    /// Waits until an attempt may succeed; where only an attempt knows where to read to, for one step of a wait.
    [[nodiscard]] bool wait(closing_context&, os::deadline until) requires receiver_side::waits {
        if constexpr (Hub::straight) {
            auto spin = std::exchange(waiting_, std::nullopt).value_or(patience<receiver_side>{});
            check(true);
            const bool more = in_->wait(nullptr, until, spin);
            waiting_ = spin;
            return more;
        }
        patience<receiver_side> spin;
        while (!in_->is_ready(nullptr)) {
            check(true);
            if (!in_->wait(nullptr, until, spin)) {
                in_->finish();
                return false;
            }
        }
        return true;
    }

private:
    /// Nothing was there: whether anything can come. `now`: an end that is known is told now.
    void check(bool now) {
        const auto other = in_->is_closed() ? presence::left : in_->state();
        if (is_over(other) && (now || obituary_.tells_now(other))) [[unlikely]] {
            if (other == presence::another) {
                throw_incompatible(in_->where(), in_->other_description(), C::introduction);
            }
            obituary_.tell(other, in_->where(), true, "open it again to make a new one");
        }
    }

    std::unique_ptr<Hub> in_;
    std::optional<patience<receiver_side>> waiting_;  ///< for a batch
    obituary obituary_;
};

/// The receiver's end of a port.
template <class C, class Hub>
class port_receiving_end {
    using kind = typename Hub::kind;

public:
    using message_type = typename C::message;

    class core {
    public:
        static constexpr bool in_place = false;

        explicit core(std::unique_ptr<Hub> in) : receiver_(std::move(in), context_.notice()) {}
        core(const core&) = delete;
        core& operator=(const core&) = delete;
        ~core() = default;

        [[nodiscard]] closing_context& context() noexcept { return context_; }
        [[nodiscard]] auto& receiver() noexcept { return receiver_; }
        [[nodiscard]] int native_handle() { return receiver_.in().native_handle(); }

    private:
        closing_context context_;
        port_receiver<C, Hub> receiver_;
    };

    static port_receiving_end open(const segment::attachment_request& request) {
        port_receiving_end result;
        result.core_ = std::make_unique<core>(std::make_unique<Hub>(kind::parse(request.name), request));
        return result;
    }
    static port_receiving_end open_descriptor(int descriptor) {
        port_receiving_end result;
        result.core_ = std::make_unique<core>(Hub::of_pair(descriptor));
        return result;
    }

    static bool remove(std::string_view name) { return claim::remove(kind::parse(name)); }

    /// Null after a move.
    [[nodiscard]] core* get() const noexcept { return core_.get(); }

private:
    std::unique_ptr<core> core_;
};

}  // namespace parley::transport::socket
