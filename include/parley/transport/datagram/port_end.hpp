#pragma once

#include <cstddef>
#include <ctime>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include <poll.h>
#include <unistd.h>

#include <parley/os/clock.hpp>
#include <parley/os/error.hpp>
#include <parley/segment/segment.hpp>
#include <parley/transport/copying_context.hpp>
#include <parley/transport/datagram/hub.hpp>
#include <parley/transport/datagram/outlet.hpp>
#include <parley/transport/datagram/patience.hpp>
#include <parley/transport/datagram/sender.hpp>
#include <parley/transport/datagram/traits.hpp>
#include <parley/transport/death_notice.hpp>
#include <parley/transport/socket/patience.hpp>

/// The ends of a port over datagrams: many sockets that send, one that receives.

namespace parley::transport::datagram {

/// One sender's end of a port.
template <class C, class Family>
class sending_end {
    using outlet_type = outlet<C, Family>;

public:
    using message_type = typename C::message;

    class core {
    public:
        static constexpr bool in_place = false;

        explicit core(typename Family::address&& to) : sender_(std::move(to), context_.notice()) {}
        /// Of a pair.
        explicit core(typename Family::way&& to) : sender_(std::move(to), context_.notice()), process_(::getpid()) {}
        core(const core&) = delete;
        core& operator=(const core&) = delete;
        ~core() {
            if (process_ == ::getpid()) {
                sender_.to().take_leave();
            }
        }

        [[nodiscard]] closing_context& context() noexcept { return context_; }
        [[nodiscard]] counting_sender<C, Family>& sender() noexcept { return sender_; }
        [[nodiscard]] int native_handle() const noexcept { return sender_.to().descriptor(); }

    private:
        closing_context context_;
        counting_sender<C, Family> sender_;
        ::pid_t process_ = 0;  ///< who says good-bye; nobody to a port
    };

    /// Finds the port; waits for it as long as the request says.
    [[nodiscard]] static sending_end open(const segment::attachment_request& request) {
        if (request.mode == segment::opening::create_only) {
            throw_error(errc::bad_state, "creating the port '" + std::string(request.name) +
                                             "' from a sender: a port is created by its receiver; open it instead");
        }
        sending_end result;
        result.core_ = std::make_unique<core>(Family::parse(request.name));
        auto& to = result.core_->sender().to();
        while (!to.connect()) {
            if (request.give_up.passed()) {
                throw_error(errc::not_found, "opening " + to.address().where() +
                                                 ": no such channel; start the process that creates it first, or let "
                                                 "options::open_within wait for it");
            }
            constexpr timespec pause{0, 1'000'000};
            ::nanosleep(&pause, nullptr);
        }
        return result;
    }

    /// Takes over one end of a pair, by a duplicate of its descriptor.
    [[nodiscard]] static sending_end open_descriptor(int descriptor) {
        sending_end result;
        result.core_ = std::make_unique<core>(Family::way::of_pair(Family::duplicate(descriptor)));
        return result;
    }

    static bool remove(std::string_view name) { return Family::remove(name); }

    /// Null after a move.
    [[nodiscard]] core* get() const noexcept { return core_.get(); }

private:
    std::unique_ptr<core> core_;
};

/// The algorithm of a port's receiver: takes what comes, one datagram at a time.
template <class C, class Family>
class port_receiver {
    using message_type = typename C::message;
    using receiver_side = typename C::template word<synchronization_axis>::receiver_side;
    using hub_type = hub<C, Family>;
    using arrival = typename hub_type::arrival;

public:
    static constexpr bool rendezvous = false;

    port_receiver(typename Family::place&& at, death_notice& notice) : hub_(std::move(at)), notice_(&notice) {}

    [[nodiscard]] hub_type& from() noexcept { return hub_; }

    [[nodiscard]] std::optional<message_type> try_pop(closing_context&) {
        settle_debts();
        std::optional<message_type> content;
        while (!content && find(nullptr)) {
            content = open([this](correspondent& whom) { hub_.received(whom, whom.expected); });
        }
        if (content) [[likely]] {
            waiting_.reset();
        } else {
            nothing_came();
        }
        return content;
    }

    [[nodiscard]] std::optional<message_type> pop_until(closing_context& context, os::deadline until) {
        patience<receiver_side> patience(until, between_receives);
        return os::keep_trying(
            until, [&] { return try_pop(context); }, [&] { return wait_with(patience); });
    }

    /// For a batch: one step of the wait between two attempts. What it finds out about the senders is told by an
    /// attempt after it, which takes what they sent before.
    [[nodiscard]] bool wait(closing_context&, os::deadline until) {
        if (!waiting_ || waiting_->is_over()) {  // of a wait in slices each has a deadline of its own
            waiting_.emplace(until, between_receives);
        }
        return wait_with(*waiting_);
    }

    [[nodiscard]] std::size_t try_pop_some(closing_context&, std::span<message_type> batch) {
        settle_debts();
        std::size_t count = 0;
        while (count < batch.size() && take_among_others(batch[count])) {
            ++count;
        }
        settle_debts();
        if (count != 0) [[likely]] {
            waiting_.reset();
        } else if (!batch.empty()) {
            nothing_came();
        }
        return count;
    }

private:
    static constexpr unsigned polls_per_look = 256;
    static constexpr os::clock::duration until_told = std::chrono::milliseconds(2);

    /// Looks for the next message. It then lies in the hub's hands, or at `where` if that is given.
    [[nodiscard]] bool find(std::byte* where) {
        for (;;) {
            switch (hub_.next(where)) {
                case arrival::nothing:
                    return false;
                case arrival::content:
                    return true;
                default:
                    break;
            }
        }
    }

    /// The message that was found; none if it turns out to be none. `note(sender)` says who is to be told.
    template <class Note>
    [[nodiscard]] std::optional<message_type> open(Note note) {
        auto content = hub_.held().read(hub_.size());
        if constexpr (window<C> != 0) {
            note(*hub_.sender());
        }
        if (!content) [[unlikely]] {
            hub_.drop();
        }
        return content;
    }

    /// The next message, to where it stays; its sender is told with the next `settle_debts`.
    [[nodiscard]] bool take_among_others(message_type& to) {
        const auto note = [this](correspondent& whom) { hub_.received_among_others(whom, whom.expected); };
        if constexpr (travels_as_it_lies<C>) {
            if (!find(reinterpret_cast<std::byte*>(std::addressof(to)))) {  // NOLINT: it is its bytes
                return false;
            }
            if constexpr (window<C> != 0) {
                note(*hub_.sender());
            }
            return true;
        } else {
            while (find(nullptr)) {
                if (auto content = open(note)) [[likely]] {
                    to = std::move(*content);
                    return true;
                }
            }
            return false;
        }
    }

    void settle_debts() {
        if constexpr (window<C> != 0) {
            if (hub_.owes_credit()) [[unlikely]] {
                hub_.pay();
            }
        }
    }

    [[nodiscard]] bool wait_with(patience<receiver_side>& patience) {
        const auto slice = hub_.owes_credit() ? until_told : os::look_around_interval;
        return patience.wait(hub_.descriptor(), POLLIN, slice, [&] { look(); });
    }

    void look() {
        static_cast<void>(hub_.removed());
        if (hub_.is_pair() && other_side_ == fate::alive) {
            other_side_ = hub_.other_side();
        }
    }

    /// Throws if nothing more can come: the port was removed, or nobody holds the other end of a pair.
    void nothing_came() {
        if (hub_.was_removed()) {
            throw_error(errc::closed, hub_.text() + " is closed: it was removed; open it again to make a new one");
        }
        if (other_side_ != fate::alive) {
            if (other_side_ == fate::died && notice_->is_due(receiver_side::waits)) {
                throw_error(errc::peer_died, hub_.text() + ": the last process that could send was killed");
            }
            throw_error(errc::closed, hub_.text() + " is closed: nobody can send any more");
        }
        if (++vain_ % polls_per_look == 0 && time_to_look_.has_come()) {
            look();
        }
    }

    hub_type hub_;
    death_notice* notice_;
    std::optional<patience<receiver_side>> waiting_;  ///< for a batch
    socket::occasion time_to_look_;
    fate other_side_ = fate::alive;  ///< of a pair
    unsigned vain_ = 0;
};

/// The receiver's end: the port's owner.
template <class C, class Family>
class receiving_end {
public:
    using message_type = typename C::message;

    class core {
    public:
        static constexpr bool in_place = false;

        explicit core(typename Family::place&& at) : receiver_(std::move(at), context_.notice()) {}

        [[nodiscard]] closing_context& context() noexcept { return context_; }
        [[nodiscard]] port_receiver<C, Family>& receiver() noexcept { return receiver_; }
        [[nodiscard]] int native_handle() noexcept { return receiver_.from().descriptor(); }
        /// What has come that was no message.
        [[nodiscard]] const datagram::statistics& statistics() noexcept { return receiver_.from().seen(); }

    private:
        closing_context context_;
        port_receiver<C, Family> receiver_;
    };

    /// Makes the port.
    [[nodiscard]] static receiving_end open(const segment::attachment_request& request) {
        receiving_end result;
        result.core_ = std::make_unique<core>(Family::place::open(Family::parse(request.name), request,
                                                                  {C::fingerprint, C::introduction}, window<C>,
                                                                  parcel_for<C>::largest, bare<C>));
        return result;
    }

    /// Takes over one end of a pair, by a duplicate of its descriptor.
    [[nodiscard]] static receiving_end open_descriptor(int descriptor) {
        receiving_end result;
        result.core_ = std::make_unique<core>(Family::place::of_pair(Family::duplicate(descriptor)));
        return result;
    }

    static bool remove(std::string_view name) { return Family::remove(name); }

    [[nodiscard]] core* get() const noexcept { return core_.get(); }

private:
    std::unique_ptr<core> core_;
};

}  // namespace parley::transport::datagram
