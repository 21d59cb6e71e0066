#pragma once

#include "crash/every_role.hpp"

/// What the mailboxes over each kind of queue object go through.

namespace parley::test {

/// Each goes through the others too, and whoever waits comes besides (crash/every_role.hpp).
inline const std::vector<role> coming_and_going{role::send_batch, role::receive_batch, role::come_and_send,
                                                role::come_and_receive};

template <class Transport>
void kill_in_mailboxes() {
    kill_in_every_role<mail<Transport, bounded<4>>>(1, coming_and_going);
    kill_in_every_role<mail<Transport, unbounded>>(1, {role::send});
    CHECK(untested("queue:") == std::set<std::string>{});
    CHECK(untested("spill:") == std::set<std::string>{});
}

/// A sender offers again what a dead receiver had committed to, and dies over it.
template <class C>
void kill_who_offers_again(const char* again) {
    const auto name = unique_name("crash-offer");
    {
        receiver<C> in{create_only, name};  // holds the channel, and does not receive yet
        child one("sender", [&] {
            sender<C> out{name};
            die_at({again, 1});
            out.send(letter::make(letter::survivor, 0));
        });
        child other("receiver", [&] {
            receiver<C> taker{name};
            die_at({"handoff: committed to an offer", 1});
            static_cast<void>(taker.receive());
        });
        CHECK(other.join() == 128 + SIGKILL);
        CHECK(one.join() == 128 + SIGKILL);
        deaths().insert(again);
        child next("sender", [&] { sender<C>{name}.send(letter::make(letter::survivor, 1)); });
        CHECK(in.receive().number == 1);
        CHECK(next.join_ok());
    }
    const queue_objects<C> objects(name);
    C::remove(name);
    CHECK(objects.count() == 0);
}

/// A sender finds a receiver that waits, and dies over the desk it has just put its message on.
template <class C>
void kill_who_hands_over(const char* handing) {
    const auto name = unique_name("crash-hand");
    {
        receiver<C> holder{create_only, name};  // keeps the channel
        child waiting("receiver", [&] {
            receiver<C> in{name};
            if (in.receive().number != 1) {
                throw std::runtime_error("the receiver got a letter of the dead");
            }
        });
        child victim("sender", [&] {
            sender<C> out{name};
            die_at({handing, 1});
            while (!out.try_send(letter::make(letter::survivor, 0))) {
            }
        });
        CHECK(victim.join() == 128 + SIGKILL);
        deaths().insert(handing);
        child next("sender", [&] { sender<C>{name}.send(letter::make(letter::survivor, 1)); });
        CHECK(next.join_ok());
        CHECK(waiting.join_ok());
    }
    const queue_objects<C> objects(name);
    C::remove(name);
    CHECK(objects.count() == 0);
}

template <class Transport>
void kill_in_rendezvous() {
    kill_in_every_role<mail<Transport, zero>>(1, {role::try_send});
    kill_who_hands_over<mail<Transport, zero>>("queue rendezvous: on the receiver's desk, not handed over");
    kill_who_offers_again<mail<Transport, zero>>("queue rendezvous: offer returned, not on the desk again");
    kill_who_offers_again<mail<Transport, zero>>("queue rendezvous: on the desk again, not offered");
    CHECK(untested("queue rendezvous:") == std::set<std::string>{});
}

}  // namespace parley::test
