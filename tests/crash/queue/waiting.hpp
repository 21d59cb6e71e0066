#pragma once

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <unistd.h>

#include "crash/session.hpp"

/// One process is killed while it, or its peer, is blocked in a call. The other one is told, and the channel is as good
/// as new for whoever comes next.

namespace parley::test {

using moments = std::chrono::steady_clock;

/// What the processes of a scene tell each other.
struct scene {
    std::atomic<bool> here{false};    ///< the blocked one is about to wait
    std::atomic<bool> there{false};   ///< the other one has come
    std::atomic<bool> act{false};     ///< the other one is to begin
    std::atomic<int> told{0};         ///< with which code the survivor's call ended
    std::atomic<std::int64_t> at{0};  ///< and when
    std::atomic<bool> heir{false};    ///< a new peer is there, and has taken out what was left
    std::atomic<int> accepted{-1};    ///< so many messages then, with no receiver's progress
    std::atomic<bool> leave{false};

    void tell(const std::error_code& code) {
        at.store(moments::now().time_since_epoch().count());
        told.store(code.value());
    }
};

inline void wait_for(const std::atomic<bool>& flag) {
    PARLEY_CHECK_IN_CHILD(eventually([&] { return flag.load(); }));
}

/// How long deaths took to be told of, and in which state.
class record_of_deaths {
public:
    explicit record_of_deaths(std::string what) : what_(std::move(what)) {}
    record_of_deaths(const record_of_deaths&) = delete;
    record_of_deaths& operator=(const record_of_deaths&) = delete;
    ~record_of_deaths() {
        if (!took_.empty()) {
            std::sort(took_.begin(), took_.end());
            std::fprintf(stderr, "  %s: %zu deaths, median %.0f ms, slowest %.0f ms\n", what_.c_str(), took_.size(),
                         took_[took_.size() / 2], took_.back());
        }
    }
    void note(moments::time_point from, std::int64_t to) {
        const moments::time_point end{moments::duration{to}};
        took_.push_back(std::chrono::duration<double, std::milli>(end - from).count());
    }

private:
    std::string what_;
    std::vector<double> took_;
};

/// Kills `victim` when the blocked process sleeps. Returns when that was.
inline moments::time_point kill_asleep(child& victim, child& blocked, const scene& in) {
    REQUIRE(eventually([&] { return in.here.load() && in.there.load(); }));
    // Asleep twice, with a moment of work in between allowed: who waits wakes up now and then to look around.
    REQUIRE(eventually([&] { return state_of(blocked.pid()) == 'S'; }));
    victim.signal(SIGKILL);
    const auto when = moments::now();
    victim.kill9();
    return when;
}

enum class waits_for { room, message };

/// A link between two endpoints: one blocks in a call, one of the two is killed.
template <class C>
class blocked_link {
    using message = typename C::message;
    using capacity_word = typename C::template word<buffering_axis>;
    static constexpr bool rendezvous = capacity_word::rendezvous;
    static constexpr bool spills = !rendezvous && capacity_word::capacity == buffering::without_limit;

public:
    ~blocked_link() {
        C::remove(blocked_);
        C::remove(other_);
        CHECK(objects_->count() == 0);
        CHECK(files_named(blocked_).empty());
        CHECK(files_named(other_).empty());
    }

    void kill(waits_for what, bool the_blocked_one, int rounds) {
        const std::string doing = what == waits_for::message ? "waits for a message"
                                  : rendezvous               ? "waits for a receiver"
                                  : spills                   ? "leaves with a spill"
                                                             : "waits for room";
        INFO(C::describe());
        INFO("one " << doing << ", and " << (the_blocked_one ? "dies" : "its peer dies"));
        record_of_deaths record(
            std::string(C::transport::name) + ", direct, " +
            (rendezvous ? "zero"
             : spills   ? "unbounded"
                        : "bounded") +
            ": one " + doing + ", " +
            (the_blocked_one ? "its peer is told of its death" : "and is told of its peer's death"));
        for (int round = 0; round < rounds; ++round) {
            INFO("round " << round);
            kill_once(what, the_blocked_one, record);
        }
    }

private:
    void kill_once(waits_for what, bool the_blocked_one, record_of_deaths& record) {
        shared<scene> stage;
        auto& in = *stage;
        const bool sends = what == waits_for::room;
        child blocked("blocked", [&] {
            auto me = std::make_unique<endpoint<C>>(blocked_);
            static_cast<void>(me->link(other_));
            wait_for(in.there);
            in.here.store(true);
            use_until_told(me, other_, sends, in);
            check_with_heir(me, blocked_, other_, sends, in);
        });
        child other("other", [&] {
            auto me = std::make_unique<endpoint<C>>(other_);
            static_cast<void>(me->link(blocked_));
            in.there.store(true);
            wait_for(in.act);
            use_until_told(me, blocked_, !sends, in);
            check_with_heir(me, other_, blocked_, !sends, in);
        });
        auto& victim = the_blocked_one ? blocked : other;
        auto& survivor = the_blocked_one ? other : blocked;
        const auto from = kill_asleep(victim, blocked, in);
        in.act.store(true);
        REQUIRE(eventually([&] { return in.told.load() != 0 || !survivor.running(); }));
        CHECK(in.told.load() == (spills && !the_blocked_one && sends ? -1 : static_cast<int>(errc::peer_died)));
        record.note(from, in.at.load());
        objects_.emplace(blocked_ + "~" + other_);
        CHECK((spills || objects_->count() > 0));
        const bool heir_sends = the_blocked_one == sends;
        child heir("heir", [&] {
            auto me = std::make_unique<endpoint<C>>(the_blocked_one ? blocked_ : other_);
            be_heir(*me, the_blocked_one ? other_ : blocked_, heir_sends, in);
        });
        CHECK(survivor.join_ok());
        CHECK(heir.join_ok());
        if constexpr (!rendezvous && !spills) {
            CHECK(in.accepted.load() == static_cast<int>(capacity_word::capacity));
        }
    }

    static message some() { return wrapped<message>(letter::make(1, 1)); }

    void use_until_told(std::unique_ptr<endpoint<C>>& me, const std::string& peer, bool sends, scene& in) const {
        std::error_code code;
        if (spills && sends) {
            for (int number = 0; number < 100; ++number) {
                me->send(peer, some(), code);
            }
            const auto name = me->name();
            me.reset();  // lingers
            in.tell(std::error_code(-1, error_category()));
            me = std::make_unique<endpoint<C>>(name);
            return;
        }
        while (!code) {
            if (sends) {
                me->send(peer, some(), code);
            } else if (const auto got = me->receive(peer, code)) {
                PARLEY_CHECK_IN_CHILD(unwrapped(*got).whole());
            }
        }
        in.tell(code);
    }

    /// Receives until nothing more comes. How many.
    static int drain(endpoint<C>& me, const std::string& peer) {
        int count = 0;
        std::error_code code;
        while (const auto got = me.try_receive(peer, code)) {
            PARLEY_CHECK_IN_CHILD(unwrapped(*got).whole());
            ++count;
        }
        return count;
    }

    /// The survivor's part of the end: one side empties the link, then the other fills it.
    void check_with_heir(std::unique_ptr<endpoint<C>>& me, const std::string&, const std::string& peer, bool sends,
                         scene& in) const {
        be_heir(*me, peer, sends, in);
    }

    void be_heir(endpoint<C>& me, const std::string& peer, bool sends, scene& in) const {
        static_cast<void>(me.link(peer));
        if constexpr (rendezvous || spills) {
            std::error_code code;
            if (sends) {
                while (!in.leave.load()) {
                    static_cast<void>(me.send_for(peer, some(), std::chrono::milliseconds(20), code));
                }
            } else {
                PARLEY_CHECK_IN_CHILD(
                    eventually([&] { return me.receive_for(peer, std::chrono::milliseconds(20), code).has_value(); }));
                in.leave.store(true);
            }
        } else if (sends) {
            wait_for(in.heir);
            int count = 0;
            std::error_code code;
            while (me.try_send(peer, some(), code)) {
                ++count;
            }
            in.accepted.store(count);
            wait_for(in.leave);
        } else {
            drain(me, peer);
            in.heir.store(true);
            PARLEY_CHECK_IN_CHILD(eventually([&] { return in.accepted.load() >= 0; }));
            PARLEY_CHECK_IN_CHILD(drain(me, peer) == in.accepted.load());
            in.leave.store(true);
        }
    }

    std::optional<queue_objects<C>> objects_;
    std::string blocked_ = unique_name("crash-waiting-a");
    std::string other_ = unique_name("crash-waiting-b");
};

/// How many messages the channel of that name takes while nobody receives; then it is empty again.
template <class C>
int capacity_of(sender<C>& out, receiver<C>& in) {
    using message = typename C::message;
    while (in.try_receive()) {
    }
    int count = 0;
    while (out.try_send(wrapped<message>(letter::make(1, 1)))) {
        ++count;
    }
    int got = 0;
    while (in.try_receive()) {
        ++got;
    }
    CHECK(got == count);
    return count;
}

/// A mailbox: whoever is blocked in it dies, and the others do not notice.
template <class C>
void kill_who_waits_in_mailbox(waits_for what, int rounds) {
    using message = typename C::message;
    INFO(C::describe());
    const auto name = unique_name("crash-waiting");
    receiver<C> in{name};
    sender<C> out{name};
    for (int round = 0; round < rounds; ++round) {
        shared<scene> stage;
        stage->there.store(true);
        child blocked("blocked", [&] {
            if (what == waits_for::room) {
                sender<C> mine{name};
                stage->here.store(true);
                for (;;) {
                    mine.send(wrapped<message>(letter::make(1, 1)));
                }
            }
            receiver<C> mine{name};
            stage->here.store(true);
            for (;;) {
                static_cast<void>(mine.receive());
            }
        });
        static_cast<void>(kill_asleep(blocked, blocked, *stage));
        using capacity_word = typename C::template word<buffering_axis>;
        if constexpr (capacity_word::rendezvous) {
            child taker("taker", [&] { static_cast<void>(receiver<C>{name}.receive()); });
            out.send(wrapped<message>(letter::make(1, 1)));
            CHECK(taker.join_ok());
        } else {
            CHECK(capacity_of(out, in) == static_cast<int>(capacity_word::capacity));
        }
    }
    const queue_objects<C> objects(name);
    CHECK(C::remove(name));
    CHECK(objects.count() == 0);
    CHECK(files_named(name).empty());
}

/// A port: its one receiver is killed while a sender waits.
template <class C>
void kill_owner_of_port(int rounds) {
    using message = typename C::message;
    using capacity_word = typename C::template word<buffering_axis>;
    INFO(C::describe());
    const auto name = unique_name("crash-waiting");
    record_of_deaths record(
        std::string(C::transport::name) + ", port, " +
        (capacity_word::rendezvous ? "zero: one waits for the receiver" : "bounded: one waits for room") +
        ", and is told of its death");
    for (int round = 0; round < rounds; ++round) {
        shared<scene> stage;
        auto& in = *stage;
        child owner("owner", [&] {
            receiver<C> mine{name};
            in.there.store(true);
            ::pause();
        });
        child blocked("blocked", [&] {
            sender<C> mine{open_only, name, {.open_within = std::chrono::seconds(60)}};
            in.here.store(true);
            std::error_code code;
            while (!code) {
                mine.send(wrapped<message>(letter::make(1, 1)), code);
            }
            in.tell(code);
        });
        const auto from = kill_asleep(owner, blocked, in);
        CHECK(blocked.join_ok());
        CHECK(in.told.load() == static_cast<int>(errc::peer_died));
        record.note(from, in.at.load());
        if constexpr (!capacity_word::rendezvous) {
            receiver<C> heir{name};
            sender<C> out{name};
            CHECK(capacity_of(out, heir) == static_cast<int>(capacity_word::capacity));
        }
        const queue_objects<C> objects(name);
        CHECK(objects.count() == 0);
        CHECK(files_named(name).empty());
    }
}

template <class Transport>
void kill_in_links(int rounds = 3) {
    const auto both = [&](auto& link, waits_for what) {
        link.kill(what, false, rounds);
        link.kill(what, true, rounds);
    };
    {
        blocked_link<channel<letter, direct, Transport, bounded<4>>> link;
        both(link, waits_for::room);
        both(link, waits_for::message);
    }
    {
        blocked_link<channel<letter_in_parts, direct, Transport, bounded<1>>> link;
        both(link, waits_for::room);
        both(link, waits_for::message);
    }
    {
        blocked_link<channel<letter, direct, Transport, zero>> link;
        both(link, waits_for::room);
        both(link, waits_for::message);
    }
    {
        blocked_link<channel<letter, direct, Transport, unbounded>> link;
        both(link, waits_for::room);
    }
}

template <class Transport>
void kill_in_mailboxes_and_ports(int rounds = 3) {
    using waiting_mail = channel<letter, Transport, bounded<4>>;
    kill_who_waits_in_mailbox<waiting_mail>(waits_for::room, rounds);
    kill_who_waits_in_mailbox<waiting_mail>(waits_for::message, rounds);
    kill_who_waits_in_mailbox<channel<letter, Transport, zero>>(waits_for::room, rounds);
    kill_who_waits_in_mailbox<channel<letter, Transport, zero>>(waits_for::message, rounds);
    kill_owner_of_port<channel<letter, port, Transport, bounded<4>>>(rounds);
    kill_owner_of_port<channel<letter, port, Transport, zero>>(rounds);
}

}  // namespace parley::test
