#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <exception>
#include <memory>
#include <new>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <parley/addressing/concept.hpp>
#include <parley/os/clock.hpp>
#include <parley/os/descriptor.hpp>
#include <parley/os/poll.hpp>
#include <parley/transport/socket/kind.hpp>
#include <parley/transport/socket/listener.hpp>
#include <parley/transport/socket/patience.hpp>
#include <parley/transport/socket/poll_set.hpp>
#include <parley/transport/socket/presence.hpp>
#include <parley/transport/socket/sources.hpp>

/// Who is there: a listener, the connections that it has taken and whose they are, which of them have messages, and
/// what makes all of them readable as one descriptor. What is done with the messages is for the hub to say.

namespace parley::transport::socket {

template <class C, class Connection>
class attendance {
protected:
    struct member;

public:
    using kind = typename Connection::kind;
    using source = source_of_messages<member>;

    attendance(const address& at, const segment::attachment_request& request)
        : listener_(std::in_place, at, request, identity{C::fingerprint, C::introduction}, room_per_connection()),
          process_(::getpid()) {
        watched_.watch(listener_->descriptor(), nullptr);
    }

    /// Of a pair: one connection, and no others.
    explicit attendance(std::shared_ptr<Connection> paired) : process_(::getpid()) { adopt(std::move(paired)); }

    attendance(const attendance&) = delete;
    attendance& operator=(const attendance&) = delete;
    ~attendance() { leave(); }

    /// Where this is, for people.
    [[nodiscard]] std::string where() const {
        return listener_ ? listener_->where().where() : "a pair of " + std::string(kind::name);
    }

    /// What is known of a name. Stays where it is as long as this.
    [[nodiscard]] source& source_of(std::string_view name) {
        auto& result = sources_.of_name(name);
        result.kept = true;
        return result;
    }

    /// Nobody holds on to it any more.
    void release(source& of) noexcept { sources_.release(of); }

    /// Whether somebody of that name is there, or how the last one ended.
    [[nodiscard]] static presence state_of(const source& of) noexcept { return of.state(); }
    /// Learns who has come and gone, for one who does not receive at the moment.
    void refresh() {
        const ringing at_the_end{*this};
        static_cast<void>(pump(os::clock::duration::zero()));
    }
    /// Of a pair: its sending half may have read something.
    void noticed() noexcept {
        const ringing at_the_end{*this};
        if (!members_.empty()) {
            settle(*members_.front());
        }
    }

    static void forget_end(source& of) noexcept { of.last = presence::unknown; }

    /// Of a pair, what is known of the other side; of others, that more may come.
    [[nodiscard]] presence state() const noexcept {
        return listener_ ? presence::here : members_.empty() ? last_ : members_.front()->link->state();
    }

    /// Of a pair: what the other side says of its channel, if it is another.
    [[nodiscard]] const std::string& other_description() const noexcept {
        return members_.empty() ? last_description_ : members_.front()->link->other_description();
    }

    /// Whether the name was removed and everything is received that came before.
    [[nodiscard]] bool is_closed() const noexcept { return removed_ && members_.empty(); }

    /// A descriptor that is readable while a message may be there.
    [[nodiscard]] int native_handle() {
        watched_.hang_bell();
        watch_lone();
        after_call();
        return watched_.descriptor();
    }

    /// Connections that were closed because what came was no frame.
    [[nodiscard]] std::size_t closed_for_garbage() const noexcept { return closed_for_garbage_; }

    /// Leaves in good order.
    void leave() noexcept {
        if (process_ != ::getpid()) {
            if (listener_) {
                listener_->forget();
            }
            return;
        }
        if (listener_ && listener_->is_open()) {
            listener_->hide();
            say_goodbye_to_newcomers();
            listener_->close();
        }
        for (auto& each : members_) {
            each->link->say_goodbye(true);  // a child may have inherited it
        }
        members_.clear();
    }

protected:
    struct member {
        std::shared_ptr<Connection> link;
        source* from = nullptr;
        bool queued = false;   ///< in `ready_`
        bool watched = false;  ///< by `watched_`, or as the lone one
    };

    static constexpr bool tells_senders_apart = C::template word<addressing_axis>::pairwise;

    [[nodiscard]] static constexpr std::size_t room_per_connection() noexcept {
        if constexpr (Connection::counted) {
            return room_for(Connection::window, Connection::largest_frame);
        } else {
            return 0;
        }
    }

    [[nodiscard]] static bool belongs(const member& each, const source* only) noexcept {
        return only == nullptr || each.from == only;
    }

    /// At the end of a call, however it ends: what has been read and not received keeps the handle readable.
    struct ringing {
        attendance& of;
        explicit ringing(attendance& own) noexcept : of(own) {}
        ringing(const ringing&) = delete;
        ringing& operator=(const ringing&) = delete;
        ~ringing() { of.after_call(); }
    };

    /// While a message may be put straight to where it is to stay.
    struct placing {
        attendance& of;
        placing(attendance& own, std::byte* to, const source* only) noexcept : of(own) {
            of.place_ = to;
            of.placed_from_ = only;
        }
        placing(const placing&) = delete;
        placing& operator=(const placing&) = delete;
        ~placing() { of.clear_place(); }
    };

    /// What was put there and not taken, since another message is older, is fetched from there.
    void clear_place() noexcept {
        if constexpr (Connection::straight) {
            for (auto& each : members_) {
                if (place_ != nullptr && each->link->is_placed()) {
                    each->link->bring_home(place_);
                }
            }
            place_ = nullptr;
        }
    }

    /// The place is for the message that would be received next.
    bool read(member& each) {
        if constexpr (Connection::straight) {
            const bool is_next = place_ != nullptr && belongs(each, placed_from_) && !has_message_of(placed_from_);
            return each.link->read(is_next ? place_ : nullptr);
        } else {
            return each.link->read();
        }
    }

    void pay_all() {
        if constexpr (Connection::counted) {
            for (auto& each : members_) {
                each->link->pay();
            }
        }
    }

    /// To those who have connected and were not looked at yet: not more than can have done so before now.
    void say_goodbye_to_newcomers() noexcept {
        bool nothing_left = false;
        for (int count = 0; count <= listener_->longest_queue; ++count) {
            auto made = listener_->accept(nothing_left);
            if (!made) {
                return;
            }
            try {
                Connection(std::move(made), role::receives).say_goodbye();
            } catch (...) {  // for them it looks like a death
            }
        }
    }

    // Reading.

    [[nodiscard]] bool has_message_of(const source* only) const noexcept {
        return only == nullptr ? !ready_.empty() : only->has_message();
    }

    /// Waits at most so long until something has come anywhere. Whether that may be so.
    [[nodiscard]] bool anything_comes(os::clock::duration longest) noexcept {
        if (lone_ != nullptr) {
            std::array<::pollfd, 2> asked{
                ::pollfd{lone_->link->descriptor(), POLLIN | POLLRDHUP, 0},
                ::pollfd{listener_ ? watched_.descriptor() : -1, POLLIN, 0},
            };
            return os::poll_for(asked, longest);
        }
        return watched_.wait(events_, longest) != 0;
    }

    /// Reads once from every connection where something has come, waiting at most so long until there is one.
    bool pump(os::clock::duration longest) {
        if (lone_ == nullptr) {
            return pump_watched(longest);
        }
        if (longest > os::clock::duration::zero()) {
            static_cast<void>(anything_comes(longest));
        }
        auto& each = *lone_;
        const bool came = read(each);
        settle(each);
        return (listener_ && pump_watched(os::clock::duration::zero())) || came;
    }

    /// The same of those that are watched.
    bool pump_watched(os::clock::duration longest) {
        auto& events = events_;
        bool came = false;
        const auto count = watched_.wait(events, longest);
        for (std::size_t index = 0; index < count; ++index) {
            void* tag = events[index].data.ptr;
            if (tag == nullptr) {
                accept_some();
                came = true;
            } else if (tag != &watched_) {
                auto& each = *static_cast<member*>(tag);
                if (!each.link->has_room()) {
                    ignore(each);  // until something of it has been received
                    continue;
                }
                came |= read(each);
                settle(each);
            }
        }
        return came;
    }

    /// Until something has come. It is read now, unless the attempt that follows knows better where to.
    void sleep(os::clock::duration longest) {
        watched_.silence();
        if constexpr (Connection::straight) {
            static_cast<void>(anything_comes(longest));
        } else {
            pump(longest);
        }
    }

    /// Takes those who have connected, and not without end: one that comes and goes in a loop keeps nobody from a
    /// deadline, or from what others have sent. Who is left waits for the next look.
    void accept_some() {
        for (unsigned count = 0; count < most_accepted; ++count) {
            bool nothing_left = false;
            auto made = listener_->accept(nothing_left);
            if (!made) {
                if (nothing_left) {  // of descriptors: until a connection has gone
                    watched_.ignore(listener_->descriptor());
                    is_deaf_ = true;
                }
                return;
            }
            auto link = std::make_shared<Connection>(std::move(made), role::receives);
            if (members_.size() >= most_connections) {
                link->refuse(presence::crowded);
                continue;
            }
            enlarge(link->descriptor(), SO_SNDBUF, room_for_answers());
            adopt(std::move(link));
        }
    }

    /// A credit for each message may wait for a sender that is not looking.
    [[nodiscard]] static constexpr std::size_t room_for_answers() noexcept {
        return Connection::counted ? room_for(Connection::window, message::frame_header_size) : 0;
    }

    void adopt(std::shared_ptr<Connection> link) {
        auto& made = *members_.emplace_back(std::make_unique<member>());
        made.link = std::move(link);
        ready_.reserve(members_.size());  // from now on to settle needs no memory
        heed(made);
        static_cast<void>(made.link->read());
        settle(made);
    }

    /// After something has happened on a connection: it may have become known, have messages, be full, or at its end.
    /// It may be gone afterwards.
    void settle(member& each) {
        if constexpr (tells_senders_apart) {
            if (each.from == nullptr && each.link->is_introduced()) {
                each.from = &sources_.of_name(each.link->name());
                each.from->members.push_back(&each);
            }
        }
        const bool over = is_over(each.link->state());
        const bool has_room = each.link->has_room();
        if (over || (&each == lone_ && !has_room)) {  // the others are ignored when more has come of them
            ignore(each);
        } else if (!each.watched && has_room) {
            heed(each);
        }
        if (each.link->has_message()) {
            if (!each.queued) {
                each.queued = true;
                ready_.push_back(&each);
            }
            return;
        }
        if (each.queued) {
            each.queued = false;
            ready_.erase(std::find(ready_.begin(), ready_.end(), &each));
        }
        if (over) {
            dispose(each);
        }
    }

    /// From now on what comes from it is noticed. A lone connection is asked by itself: watched, it would cost its
    /// sender with each message what the kernel has to do to tell the set of it.
    void heed(member& each) noexcept {
        if (members_.size() == 1 && !watched_.has_bell()) {
            lone_ = &each;
            each.watched = true;
            return;
        }
        watch_lone();
        each.watched = watched_.watch(each.link->descriptor(), &each);
    }

    void watch_lone() noexcept {
        if (auto* const each = std::exchange(lone_, nullptr); each != nullptr) {
            each->watched = watched_.watch(each->link->descriptor(), each);
        }
    }

    void ignore(member& each) noexcept {
        if (std::exchange(each.watched, false)) {
            if (lone_ == &each) {
                lone_ = nullptr;
            } else {
                watched_.ignore(each.link->descriptor());
            }
        }
    }

    /// Ends a connection whose messages are none, as who looks into them has found, and drops the rest of them. That is
    /// told by whoever calls this, and not once more by its name.
    void cut(member& each) {
        each.link->end(presence::garbage);
        ignore(each);
        if (each.queued) {
            ready_.erase(std::find(ready_.begin(), ready_.end(), &each));
        }
        auto* const from = each.from != nullptr && each.from->kept ? each.from : nullptr;
        dispose(each);
        if (from != nullptr) {
            forget_end(*from);
        }
    }

    void dispose(member& each) {
        last_ = each.link->state();
        if (!listener_ && last_ == presence::another) {
            try {
                last_description_ = each.link->other_description();
            } catch (const std::bad_alloc&) {  // that it is another is told nevertheless
            }
        }
        closed_for_garbage_ += last_ == presence::garbage ? 1 : 0;
        if (each.from != nullptr) {
            sources_.remove(*each.from, each, last_);
        }
        const auto place =
            std::find_if(members_.begin(), members_.end(), [&](const auto& other) { return other.get() == &each; });
        std::swap(*place, members_.back());
        members_.pop_back();
        listen_again();
    }

    /// There may be descriptors again, since a connection has gone here or elsewhere in this process.
    void listen_again() noexcept {
        if (is_deaf_ && listener_ && !removed_) {
            is_deaf_ = !watched_.watch(listener_->descriptor(), nullptr);
        }
    }

    /// What may have changed without a word: whether the name still leads here, whether there is room again for credits
    /// that were owed, and descriptors for connections.
    void look_around() {
        pay_all();
        listen_again();
        if (!removed_ && listener_ && !listener_->holds()) {
            removed_ = true;
            watched_.ignore(listener_->descriptor());
            listener_->hide();
            say_goodbye_to_newcomers();
            listener_->close();
            for (auto& each : members_) {
                each->link->say_goodbye(true);
            }
        }
    }

    /// Whether something was read that an attempt may find: of a pair, the sending half reads too.
    [[nodiscard]] bool holds_something(const source* only) const noexcept {
        return std::any_of(members_.begin(), members_.end(), [&](const auto& each) {
            return belongs(*each, only) && (each->link->has_message() || asks(*each));
        });
    }

    /// Rings while a call has something to give or to do that the kernel does not show.
    void after_call() noexcept {
        if (watched_.has_bell()) [[unlikely]] {
            const bool tells_end = !listener_ && is_over(state());
            watched_.ring(!ready_.empty() || again_ || requests_wait() || is_deaf_ || tells_end);
        }
    }

    [[nodiscard]] static bool asks(const member& each) noexcept {
        if constexpr (Connection::rendezvous) {
            return each.link->has_request();
        } else {
            return false;
        }
    }
    [[nodiscard]] bool requests_wait() const noexcept {
        return std::any_of(members_.begin(), members_.end(), [](const auto& each) { return asks(*each); });
    }

    static constexpr unsigned most_accepted = 32;

    poll_set watched_;  ///< before the listener: where there is no descriptor for it, no address is taken either
    std::optional<listener<kind>> listener_;
    poll_set::events_type events_{};
    std::vector<std::unique_ptr<member>> members_;
    member* lone_ = nullptr;      ///< the only one, while nobody else watches it
    std::vector<member*> ready_;  ///< those with messages, the next one first
    std::exception_ptr again_;    ///< what the next call is to throw
    occasion looks_;

private:
    sources<member> sources_;
    std::byte* place_ = nullptr;           ///< where the next message may be put straight
    const source* placed_from_ = nullptr;  ///< if it is of this one; null for anybody's
    presence last_ = presence::unknown;
    std::string last_description_;  ///< of a pair
    std::size_t closed_for_garbage_ = 0;
    bool removed_ = false;
    bool is_deaf_ = false;
    ::pid_t process_;
};

}  // namespace parley::transport::socket
