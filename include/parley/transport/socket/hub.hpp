#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <poll.h>
#include <unistd.h>

#include <parley/addressing/concept.hpp>
#include <parley/os/clock.hpp>
#include <parley/os/descriptor.hpp>
#include <parley/os/error.hpp>
#include <parley/synchronization/concept.hpp>
#include <parley/transport/socket/content.hpp>
#include <parley/transport/socket/kind.hpp>
#include <parley/transport/socket/listener.hpp>
#include <parley/transport/socket/patience.hpp>
#include <parley/transport/socket/poll_set.hpp>
#include <parley/transport/socket/presence.hpp>
#include <parley/transport/socket/sources.hpp>

/// The side that receives, from everybody who connects: a listener, its connections, and who is at their other ends.
///
/// Messages are taken from the connections in turn. A connection that does not keep the rules is closed, and the others
/// go on. With direct addressing a connection says in its first frame whose it is; all connections of one name are one
/// *source*, and a call may ask for messages of one source only. What came first from a name is received first, also
/// where the process of that name has been started anew.

namespace parley::transport::socket {

template <class C, class Connection>
class hub {
    using message_type = typename C::message;
    using receiver_side = typename C::template word<synchronization_axis>::receiver_side;
    struct member;

public:
    using kind = typename Connection::kind;

    /// Of a pair, by a duplicate of the descriptor of this end.
    [[nodiscard]] static std::unique_ptr<hub> of_pair(int descriptor) {
        return std::make_unique<hub>(std::make_shared<Connection>(duplicate_of(descriptor), role::receives));
    }

    using source = source_of_messages<member>;

    hub(const address& at, const segment::attachment_request& request)
        : listener_(std::in_place, at, request, identity{C::fingerprint, C::describe()}, room_per_connection()),
          process_(::getpid()) {
        watched_.watch(listener_->descriptor(), nullptr);
    }

    /// Of a pair: one connection, and no others.
    explicit hub(std::shared_ptr<Connection> paired) : process_(::getpid()) { adopt(std::move(paired)); }

    hub(const hub&) = delete;
    hub& operator=(const hub&) = delete;
    ~hub() { leave(); }

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

    /// A message, if there is one: of `only`, or of anybody. `closely`: nothing that has come is overlooked; else a
    /// message that comes first on its connection may be. In a rendezvous a sender has until the deadline to answer.
    [[nodiscard]] std::optional<message_type> try_pop(source* only, bool closely = true,
                                                      os::deadline until = os::deadline::never()) {
        const ringing at_the_end{*this};
        return attempt_pop(only, closely, until);
    }

    /// The same, and who sent it.
    [[nodiscard]] std::optional<std::pair<std::string, message_type>> try_pop_any() {
        auto result = try_pop(nullptr);
        return result ? std::optional(std::pair{last_name_, std::move(*result)}) : std::nullopt;
    }

    /// As many as there are, at most as many as have room.
    [[nodiscard]] std::size_t try_pop_some(source* only, std::span<message_type> batch) {
        const ringing at_the_end{*this};
        const paying once{*this};
        std::size_t count = 0;
        try {
            while (count < batch.size()) {
                if (!pop_to(batch[count], only, count == 0)) {
                    break;
                }
                ++count;
            }
        } catch (...) {
            if (count == 0) {
                throw;
            }
            again_ = std::current_exception();  // the sound ones first
        }
        return count;
    }

    /// Whether a message is there, or somebody who has one for a receiver that waits.
    [[nodiscard]] bool is_ready(const source* only) {
        if constexpr (Connection::straight) {  // the attempt that follows knows where to read to
            watched_.silence();
            return holds_something(only) || watched_.wait(events_, os::clock::duration::zero()) != 0;
        } else {
            read_quickly(only, true);
            return holds_something(only);
        }
    }

    /// Between attempts: waits until one may succeed or it is time to look around. False if the deadline has passed.
    /// `finish` ends a series of these.
    [[nodiscard]] bool wait(source* only, os::deadline until, patience<receiver_side>& spin) {
        if (until.passed()) {
            return false;
        }
        if (spin.lasts()) {
            return true;
        }
        if constexpr (Connection::rendezvous) {
            for (auto& each : members_) {
                if (belongs(*each, only)) {
                    each->link->say_waiting();
                    told_ = true;
                }
            }
        }
        if constexpr (receiver_side::strategy::sleeps) {
            if (!holds_something(only)) {
                sleep(until.left(os::look_around_interval));
            }
        } else {
            spin.offer_core();
        }
        if (looks_.has_come()) {
            look_around();
        }
        return true;
    }

    /// The receiver waits no longer.
    void finish() {
        const ringing at_the_end{*this};
        if constexpr (Connection::rendezvous) {
            if (std::exchange(told_, false)) {
                for (auto& each : members_) {
                    each->link->say_resting();
                }
            }
        }
    }

    /// Whether the name was removed and everything is received that came before.
    [[nodiscard]] bool is_closed() const noexcept { return removed_ && members_.empty(); }

    /// A descriptor that is readable while a message may be there.
    [[nodiscard]] int native_handle() {
        watched_.hang_bell();
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

private:
    struct member {
        std::shared_ptr<Connection> link;
        source* from = nullptr;
        bool queued = false;   ///< in `ready_`
        bool watched = false;  ///< by `watched_`
    };

    static constexpr bool tells_senders_apart = C::template word<addressing_axis>::pairwise;
    /// A single connection is read without asking what else there is, except now and then.
    static constexpr unsigned reads_in_a_row = 64;
    static constexpr unsigned vain_attempts_per_look = 256;

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
        hub& of;
        explicit ringing(hub& own) noexcept : of(own) {}
        ringing(const ringing&) = delete;
        ringing& operator=(const ringing&) = delete;
        ~ringing() { of.after_call(); }
    };
    /// At the end of a batch: one credit frame for all its messages.
    struct paying {
        hub& of;
        explicit paying(hub& own) noexcept : of(own) { of.paying_later_ = true; }
        paying(const paying&) = delete;
        paying& operator=(const paying&) = delete;
        ~paying() {
            of.paying_later_ = false;
            try {
                of.pay_all();
            } catch (...) {  // it stays owed
            }
        }
    };
    /// After a message of a member was taken, or was none.
    struct settling {
        hub& of;
        member& each;
        settling(hub& own, member& taken_from) noexcept : of(own), each(taken_from) {}
        settling(const settling&) = delete;
        settling& operator=(const settling&) = delete;
        ~settling() { of.settle(each); }
    };

    // Receiving.

    [[nodiscard]] std::optional<message_type> attempt_pop(source* only, bool closely, os::deadline until) {
        if (again_) {
            std::rethrow_exception(std::exchange(again_, nullptr));
        }
        auto* found = find(only, closely, until);
        return found != nullptr ? take_from(*found) : std::optional<message_type>();
    }

    /// One with a message that may be taken now.
    [[nodiscard]] member* find(source* only, bool closely, os::deadline until) {
        if (auto* found = find_read(only)) {
            return found;
        }
        read_quickly(only, closely);
        if (auto* found = find_read(only)) {
            return found;
        }
        if constexpr (Connection::rendezvous) {
            if (auto* found = grant_one(only, until)) {
                return found;
            }
        }
        if (++vain_ % vain_attempts_per_look == 0) {
            look_around();
        }
        return nullptr;
    }

    /// One whose message has been read already; the others have their turns before it comes again.
    [[nodiscard]] member* find_read(source* only) noexcept {
        if (only != nullptr) {
            const auto found = std::find_if(only->members.begin(), only->members.end(),
                                            [](const member* each) { return each->link->has_message(); });
            return found == only->members.end() ? nullptr : *found;
        }
        if (ready_.empty()) {
            return nullptr;
        }
        auto* result = ready_.front();
        ready_.erase(ready_.begin());
        result->queued = false;
        return result;
    }

    /// There is a message in it. None if it was no message, and nobody but its sender is to suffer from that.
    [[nodiscard]] std::optional<message_type> take_from(member& each) {
        const settling at_the_end{*this, each};
        if (each.from != nullptr) {
            last_name_ = each.from->name;
        }
        auto result = each.link->take(decode_);
        if (!result && !decode_.may_refuse) {
            each.link->end(presence::garbage);
        }
        if (!paying_later_) {
            each.link->pay();
        }
        if (!result && decode_.may_refuse) {
            throw_error(errc::corrupt, where() + ": the message's codec has refused what came; it is dropped");
        }
        return result;
    }

    /// In a rendezvous: tells one who has asked that its message is taken now, and waits for it. Those who stand still
    /// cost one such wait, however many they are.
    [[nodiscard]] member* grant_one(source* only, os::deadline deadline) {
        const auto until = os::deadline::after(deadline.left(os::look_around_interval));
        for (std::size_t step = 0; step < members_.size(); ++step) {
            next_ = (next_ + 1) % members_.size();
            auto& each = *members_[next_];
            if (!belongs(each, only) || !each.link->has_request()) {
                continue;
            }
            each.link->grant();
            patience<receiver_side> spin;
            while (each.link->has_grant() && !is_over(each.link->state()) && !until.passed()) {
                if (!each.link->read() && !spin.lasts()) {
                    sleep_on(each.link->descriptor(), POLLIN, until);
                }
            }
            if (each.link->has_message()) {
                return &each;
            }
            settle(each);
            if (until.passed()) {
                break;
            }
        }
        return nullptr;
    }

    /// A message straight to where it is to stay, or by way of the buffer. Whether there was one.
    [[nodiscard]] bool pop_to(message_type& to, source* only, bool closely) {
        if constexpr (Connection::straight) {
            const placing meanwhile{*this, to, only};
            if (again_) {
                std::rethrow_exception(std::exchange(again_, nullptr));
            }
            auto* found = find(only, closely, os::deadline::never());
            if (found == nullptr) {
                return false;
            }
            if (found->link->is_placed()) {
                const settling at_the_end{*this, *found};
                found->link->take_placed();
                return true;
            }
            clear_place();
            auto taken = take_from(*found);
            if (taken) {
                to = std::move(*taken);
            }
            return taken.has_value();
        } else {
            auto taken = attempt_pop(only, closely, os::deadline::never());
            if (taken) {
                to = std::move(*taken);
            }
            return taken.has_value();
        }
    }

    /// While a message may be put straight to where it is to stay.
    struct placing {
        hub& of;
        placing(hub& own, message_type& to, const source* only) noexcept : of(own) {
            of.place_ = reinterpret_cast<std::byte*>(std::addressof(to));
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

    /// To those who have connected and were not looked at yet.
    void say_goodbye_to_newcomers() noexcept {
        bool nothing_left = false;
        while (auto made = listener_->accept(nothing_left)) {
            try {
                Connection(std::move(made), role::receives).say_goodbye();
            } catch (...) {  // for them it looks like a death
            }
        }
    }

    // Reading.

    /// Reads until there is a message, or nothing more has come.
    void read_quickly(const source* only, bool closely) {
        for (unsigned round = 0; round < reads_in_a_row && read_once(closely) && !has_message_of(only); ++round) {
        }
    }

    [[nodiscard]] bool has_message_of(const source* only) const noexcept {
        return only == nullptr ? !ready_.empty() : only->has_message();
    }

    /// Whether anything came. One system call where there is one connection and something has, or is expected.
    bool read_once(bool closely) {
        if (members_.size() == 1 && (!listener_ || (members_.front()->watched && ++reads_ % reads_in_a_row != 0))) {
            auto& only = *members_.front();
            const bool came = read(only);
            settle(only);
            if (came || !closely || !listener_) {
                return came;
            }
        }
        return pump(os::clock::duration::zero());
    }

    /// Reads once from every connection where something has come, waiting at most so long until there is one.
    bool pump(os::clock::duration longest) {
        auto& events = events_;
        const auto count = watched_.wait(events, longest);
        bool came = false;
        for (std::size_t index = 0; index < count; ++index) {
            void* tag = events[index].data.ptr;
            if (tag == nullptr) {
                accept_all();
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
            static_cast<void>(watched_.wait(events_, longest));
        } else {
            pump(longest);
        }
    }

    void accept_all() {
        for (;;) {
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
        made.watched = watched_.watch(made.link->descriptor(), &made);
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
        if (over) {
            ignore(each);
        } else if (!each.watched && each.link->has_room()) {
            each.watched = watched_.watch(each.link->descriptor(), &each);
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

    void ignore(member& each) noexcept {
        if (std::exchange(each.watched, false)) {
            watched_.ignore(each.link->descriptor());
        }
    }

    void dispose(member& each) {
        last_ = each.link->state();
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

    std::optional<listener<kind>> listener_;
    poll_set watched_;
    poll_set::events_type events_{};
    std::vector<std::unique_ptr<member>> members_;
    std::vector<member*> ready_;  ///< those with messages, the next one first
    sources<member> sources_;
    decoder<message_type> decode_;
    std::exception_ptr again_;             ///< what the next call is to throw
    std::string last_name_;                ///< who sent the last message
    std::byte* place_ = nullptr;           ///< where the next message may be put straight
    const source* placed_from_ = nullptr;  ///< if it is of this one; null for anybody's
    presence last_ = presence::unknown;
    std::size_t closed_for_garbage_ = 0;
    std::size_t next_ = 0;
    occasion looks_;
    unsigned reads_ = 0;
    unsigned vain_ = 0;
    bool removed_ = false;
    bool is_deaf_ = false;
    bool told_ = false;
    bool paying_later_ = false;
    ::pid_t process_;
};

}  // namespace parley::transport::socket
