#pragma once

#include <algorithm>
#include <cstddef>
#include <exception>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <utility>

#include <poll.h>

#include <parley/os/clock.hpp>
#include <parley/os/error.hpp>
#include <parley/synchronization/concept.hpp>
#include <parley/transport/socket/attendance.hpp>
#include <parley/transport/socket/companion.hpp>
#include <parley/transport/socket/content.hpp>
#include <parley/transport/socket/kind.hpp>
#include <parley/transport/socket/patience.hpp>
#include <parley/transport/socket/presence.hpp>

/// The side that receives, from everybody who connects: a listener, its connections, and who is at their other ends.
///
/// Messages are taken from the connections in turn. A connection that does not keep the rules is closed, and the others
/// go on. With direct addressing a connection says in its first frame whose it is; all connections of one name are one
/// *source*, and a call may ask for messages of one source only. What came first from a name is received first, also
/// where the process of that name has been started anew.

namespace parley::transport::socket {

template <class C, class Connection>
class hub : public attendance<C, Connection> {
    using base = attendance<C, Connection>;
    using message_type = typename C::message;
    using receiver_side = typename C::template word<synchronization_axis>::receiver_side;
    using typename base::member;

public:
    /// Whether only an attempt to receive knows where to read to.
    static constexpr bool straight = Connection::straight;

    using base::base;
    using base::where;
    using typename base::source;

    /// Of a pair, by a duplicate of the descriptor of this end.
    [[nodiscard]] static std::unique_ptr<hub> of_pair(int descriptor) {
        return std::make_unique<hub>(std::make_shared<Connection>(duplicate_of(descriptor), role::receives));
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
    [[nodiscard]] std::size_t try_pop_some(source* only, std::span<message_type> batch, bool closely) {
        const ringing at_the_end{*this};
        const paying once{*this};
        std::size_t count = 0;
        try {
            while (count < batch.size()) {
                if (!pop_to(batch[count], only, closely && count == 0)) {
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

    /// What goes with the connection that the last message came over (transport/socket/companion.hpp), until the next
    /// attempt.
    [[nodiscard]] const companion_of<C>& last_companion() const noexcept { return last_companion_; }

    /// The last message leads nowhere in what its connection brought along: that connection does not keep the rules
    /// either.
    void refuse_last() requires accompanied<C> {
        const ringing at_the_end{*this};
        const auto along = std::exchange(last_companion_, {});
        const auto found = std::find_if(members_.begin(), members_.end(), [&](const auto& each) {
            return along != nullptr && each->link->companion() == along;
        });
        if (found != members_.end()) {
            cut(**found);
        }
    }

    /// Whether a message is there, or somebody who has one for a receiver that waits.
    [[nodiscard]] bool is_ready(const source* only) {
        read_quickly(only, true);
        return holds_something(only);
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

private:
    using base::again_;
    using base::belongs;
    using base::clear_place;
    using base::cut;
    using base::has_message_of;
    using base::holds_something;
    using base::listener_;
    using base::look_around;
    using base::looks_;
    using base::members_;
    using base::pay_all;
    using base::pump;
    using base::pump_watched;
    using base::read;
    using base::ready_;
    using base::settle;
    using base::sleep;
    using typename base::placing;
    using typename base::ringing;

    /// A single connection is read without asking what else there is, except now and then.
    static constexpr unsigned reads_in_a_row = 64;
    static constexpr unsigned vain_attempts_per_look = 256;

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
        last_companion_ = {};
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
        if constexpr (accompanied<C>) {
            last_companion_ = each.link->companion();
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
            const placing meanwhile{*this, reinterpret_cast<std::byte*>(std::addressof(to)), only};
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

    // Reading.

    /// Reads until there is a message, or nothing more has come.
    void read_quickly(const source* only, bool closely) {
        for (unsigned round = 0; round < reads_in_a_row && read_once(closely) && !has_message_of(only); ++round) {
        }
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
            return pump_watched(os::clock::duration::zero());
        }
        return pump(os::clock::duration::zero());
    }

    decoder<message_type> decode_;
    std::string last_name_;  ///< who sent the last message
    companion_of<C> last_companion_;
    std::size_t next_ = 0;
    unsigned reads_ = 0;
    unsigned vain_ = 0;
    bool told_ = false;
    bool paying_later_ = false;
};

}  // namespace parley::transport::socket
