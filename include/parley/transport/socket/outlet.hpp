#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>

#include <linux/sockios.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <parley/os/clock.hpp>
#include <parley/os/descriptor.hpp>
#include <parley/os/error.hpp>
#include <parley/synchronization/concept.hpp>
#include <parley/transport/socket/address.hpp>
#include <parley/transport/socket/caller.hpp>
#include <parley/transport/socket/companion.hpp>
#include <parley/transport/socket/kind.hpp>
#include <parley/transport/socket/outgoing.hpp>
#include <parley/transport/socket/patience.hpp>
#include <parley/transport/socket/presence.hpp>

/// The side that sends, to one receiver: it connects, and hands messages over. What an end of the connection means to
/// the user is for the owner of the outlet to say.

namespace parley::transport::socket {

/// What became of an attempt to send.
enum class attempt {
    accepted,  ///< the message has gone, or will
    refused,   ///< it has not; there is no room, or nobody takes it now
    over,      ///< it has not, and `state` says why none can
};

template <class C, class Connection>
class outlet {
public:
    using message_type = typename C::message;
    using connection_type = Connection;
    using kind = typename Connection::kind;
    using sender_side = typename C::template word<synchronization_axis>::sender_side;

    static constexpr bool rendezvous = connection_type::rendezvous;
    /// What the kernel does not take in one piece a sender that waits finishes before it returns.
    static constexpr bool in_pieces = !connection_type::unlimited && connection_type::largest_frame > 32768;
    static constexpr bool framed = connection_type::framed;

    /// Of a pair, by a duplicate of the descriptor of this end.
    [[nodiscard]] static std::unique_ptr<outlet> of_pair(int descriptor) {
        auto link = std::make_shared<connection_type>(duplicate_of(descriptor), role::sends);
        link->introduce({});
        return std::make_unique<outlet>(std::move(link));
    }

    /// Not connected yet. `own_name` is what a receiver that tells senders apart knows this one by. `size`: of the
    /// companion that a connection may have (transport/socket/companion.hpp).
    outlet(address to, std::string own_name, std::uint64_t size = 0)
        : caller_(std::move(to)), own_name_(std::move(own_name)), size_(size), process_(::getpid()) {}

    /// One end of a pair, connected.
    explicit outlet(std::shared_ptr<connection_type> paired)
        : caller_(nowhere("a pair of " + std::string(kind::name))),
          connection_(std::move(paired)),
          process_(::getpid()) {
        make_room(*connection_);
    }
    outlet(const outlet&) = delete;
    outlet& operator=(const outlet&) = delete;
    ~outlet() { leave(); }

    [[nodiscard]] const address& to() const noexcept { return caller_.to(); }
    [[nodiscard]] bool is_connected() const noexcept { return connection_ != nullptr; }
    [[nodiscard]] int descriptor() const noexcept { return connection_ == nullptr ? -1 : connection_->descriptor(); }

    /// Tries to connect, without waiting. A connection that has ended is given up for a new one; or where nobody is
    /// there any more, for the memory of how it ended. Throws what keeps it from ever being made.
    contact reach() {
        is_stranded_ = false;
        if (connection_ != nullptr && !is_over(connection_->state())) {
            return contact::made;
        }
        os::descriptor made;
        const auto result = caller_.call(made);
        if (made) {
            return connected(std::move(made));
        }
        if (result == contact::absent && (known() == presence::left || known() == presence::died)) {
            last_ = known();
            connection_.reset();
        }
        return result;
    }

    /// Waits until a connection that was begun may be made.
    void await_contact(os::deadline until) const noexcept { caller_.await(until); }

    /// How many connections have been made so far.
    [[nodiscard]] unsigned contacts() const noexcept { return contacts_; }

    /// What is known of the other side, from what has been read. Of a pair, whose hub reads for both.
    [[nodiscard]] presence known() const noexcept { return connection_ == nullptr ? last_ : connection_->state(); }
    /// What is known of the other side, after reading what it has said.
    [[nodiscard]] presence state() {
        if (connection_ != nullptr) {
            hear();
        }
        return known();
    }
    [[nodiscard]] const std::string& other_description() const noexcept { return connection_->other_description(); }

    /// Of a pair: if the other side has ended the connection, learns how, however much it has sent before.
    void look_for_end() {
        ::pollfd ended{.fd = descriptor(), .events = 0, .revents = 0};
        if (::poll(&ended, 1, 0) == 1 && (ended.revents & (POLLHUP | POLLERR)) != 0) {
            connection_->read_to_the_end();
        }
    }

    /// Sends if that is possible at once. `patient`: the caller will wait and try again, until it calls `give_up`.
    [[nodiscard]] attempt try_send(const message_type& content, bool patient) {
        if (connection_ == nullptr) {
            return attempt::refused;
        }
        heard_since_attempt_ = false;
        if constexpr (accompanied<C>) {
            const auto& with = connection_->companion();
            is_stranded_ = with != nullptr && !with->carries(content);
            if (is_stranded_) {
                return attempt::refused;
            }
        }
        if constexpr (rendezvous) {
            return patient ? hand_over(content) : hand_over_at_once(content);
        } else {
            return put(content, patient);
        }
    }

    /// Whether the last message was refused since it goes with a connection that is no more.
    [[nodiscard]] bool is_stranded() const noexcept { return is_stranded_; }
    /// What goes with the connection; null where there is none.
    [[nodiscard]] companion_of<C> companion() const noexcept {
        if constexpr (accompanied<C>) {
            return connection_ != nullptr ? connection_->companion() : nullptr;
        } else {
            return nullptr;
        }
    }

    /// Waits until an attempt may succeed, or it is time to look around. False if the deadline has passed.
    [[nodiscard]] bool wait(os::deadline until, patience<sender_side>& spin) {
        if (until.passed()) {
            return false;
        }
        if (spin.lasts() || heard_since_attempt_ || connection_ == nullptr) {
            return true;
        }
        if constexpr (sender_side::strategy::sleeps) {
            const int events = (connection_->has_room() ? POLLIN : 0) | (needs_room_ ? POLLOUT : 0);
            sleep_on(connection_->descriptor(), static_cast<short>(events), until);
        } else {
            spin.offer_core();
        }
        return true;
    }

    /// Finishes what the last attempt began, if that needs waiting; after the deadline in the background. Outside a
    /// rendezvous soon in any case: the message is accepted, and the other side may be waiting for room itself before
    /// it receives.
    void complete(os::deadline until) {
        auto& out = connection_->way_out();
        if (out.flush() || out.is_broken()) [[likely]] {
            return;
        }
        const auto soon = rendezvous ? until : os::deadline::after(os::look_around_interval);
        while (!out.flush() && !out.is_broken()) {
            if (until.passed() || soon.passed()) {
                out.leave_to_thread();
                return;
            }
            sleep_on(connection_->descriptor(), POLLOUT, until);
        }
    }

    /// Ends what patient attempts began in vain.
    void give_up() {
        if constexpr (rendezvous) {
            if (connection_ != nullptr && !is_over(connection_->state())) {
                connection_->withdraw();
            }
        }
    }

    /// Gives up a connection that is over: nobody is there to take what was accepted, or a goodbye.
    void drop() noexcept {
        connection_.reset();
        last_ = presence::unknown;
    }

    /// Leaves in good order: what was accepted goes first.
    void leave() noexcept {
        if (connection_ == nullptr || process_ != ::getpid()) {
            return;
        }
        try {
            connection_->way_out().finish();
            hear();
            connection_->say_goodbye();
            await_acknowledgement();
        } catch (...) {  // then it looks like a death
        }
        connection_.reset();
    }

private:
    /// It counts as connected only when the other side has been told whose it is.
    [[nodiscard]] contact connected(os::descriptor made) {
        auto link = std::make_shared<connection_type>(std::move(made), role::sends);
        make_room(*link);
        if constexpr (accompanied<C>) {
            link->bring(C::companion::made(size_));
        }
        link->introduce(own_name_);
        connection_ = std::move(link);
        ++contacts_;
        return contact::made;
    }

    void make_room(const connection_type& link) const {
        if constexpr (connection_type::counted) {
            // In a pair credits go the same way.
            const auto all = room_for(connection_type::window, connection_type::largest_frame) +
                             room_for(connection_type::window, message::frame_header_size);
            enlarge(link.descriptor(), SO_SNDBUF, all);
            enlarge_for(link.descriptor(), connection_type::window, connection_type::largest_frame,
                        std::string(kind::name) + " '" + to().where() + "'");
        }
    }

    /// Reads what the other side has said: everything, unless it does not stop.
    void hear() {
        for (unsigned round = 0; round < most_rounds && connection_->read(); ++round) {
            heard_since_attempt_ = true;
        }
    }

    /// The connection takes nothing any more. Why, stands behind everything that the other side has said, and that may
    /// be more than one call hears otherwise: of a pair, messages that nobody has received.
    [[nodiscard]] attempt find_end() {
        connection_->read_to_the_end();
        return attempt::over;
    }

    [[nodiscard]] attempt put(const message_type& content, bool patient) {
        if (!connection_->has_credit()) {
            hear();
            needs_room_ = false;
            if (is_over(connection_->state())) {
                return attempt::over;
            }
            if (!connection_->has_credit()) {
                return attempt::refused;
            }
        }
        constexpr bool always = connection_type::counted || connection_type::unlimited;
        const auto if_full = patient && !connection_type::unlimited ? keeping_of_patient
                             : always                               ? keeping::thread
                                                                    : keeping::refuse;
        switch (connection_->send(content, if_full)) {
            case sending_outcome::sent:
            case sending_outcome::kept:
                return attempt::accepted;
            case sending_outcome::full:
                hear();
                needs_room_ = true;
                return is_over(connection_->state()) ? attempt::over : attempt::refused;
            default:
                return find_end();
        }
    }

    [[nodiscard]] attempt hand_over(const message_type& content) {
        hear();
        if (is_over(connection_->state())) {
            return attempt::over;
        }
        if (connection_->is_granted()) {
            return give(content);
        }
        if (connection_->may_ask()) {
            connection_->ask();
        } else {
            connection_->acknowledge();
        }
        return attempt::refused;
    }

    /// Succeeds only if a receiver waits now. It is inside its call then and answers at once; should it have been
    /// stopped there, this does not wait for it for long.
    [[nodiscard]] attempt hand_over_at_once(const message_type& content) {
        hear();
        if (is_over(connection_->state())) {
            return attempt::over;
        }
        if (!connection_->may_ask() || !connection_->is_awaited()) {
            connection_->acknowledge();
            return attempt::refused;
        }
        connection_->ask();
        const auto until = os::deadline::after(os::look_around_interval);
        patience<sender_side> spin;
        for (;;) {
            hear();
            if (is_over(connection_->state())) {
                return attempt::over;
            }
            if (connection_->is_granted()) {
                return give(content);
            }
            if (!connection_->is_awaited() || until.passed()) {
                connection_->withdraw();
                return attempt::refused;
            }
            if (!spin.lasts()) {
                sleep_on(connection_->descriptor(), POLLIN, until);
            }
        }
    }

    /// The receiver is waiting for this message.
    [[nodiscard]] attempt give(const message_type& content) {
        if (connection_->send(content, keeping::later) == sending_outcome::broken) {
            return find_end();
        }
        complete(os::deadline::never());
        return connection_->way_out().is_broken() ? find_end() : attempt::accepted;
    }

    /// Over tcp a socket that is closed answers a credit that comes later with a reset, and that would take with it
    /// what the other side's kernel has not got yet. So wait until it has got everything; but not for a machine that
    /// does not answer any more.
    void await_acknowledgement() {
        if constexpr (!kind::local && (connection_type::counted || rendezvous)) {
            constexpr auto longest_silence = std::chrono::seconds(2);
            int left = 0;
            int before = 0;
            auto give_up = os::deadline::after(longest_silence);
            while (!is_over(connection_->state()) && ::ioctl(connection_->descriptor(), SIOCOUTQ, &left) == 0 &&
                   left > 0 && !give_up.passed()) {
                if (std::exchange(before, left) != left) {
                    give_up = os::deadline::after(longest_silence);
                }
                const ::timespec pause{0, 200'000};
                ::nanosleep(&pause, nullptr);
                hear();
            }
        }
    }

    /// A caller that waits finishes by itself what the kernel does not take at once.
    static constexpr auto keeping_of_patient = connection_type::counted ? keeping::later : keeping::begun;
    /// A peer that writes without end keeps nobody beyond a deadline.
    static constexpr unsigned most_rounds = 64;

    caller<kind> caller_;
    std::string own_name_;
    std::uint64_t size_ = 0;
    std::shared_ptr<connection_type> connection_;
    presence last_ = presence::unknown;  ///< how the last one ended, where there is none
    bool needs_room_ = false;
    bool is_stranded_ = false;
    bool heard_since_attempt_ = false;  ///< then the next attempt may succeed without waiting
    unsigned contacts_ = 0;
    ::pid_t process_;
};

}  // namespace parley::transport::socket
