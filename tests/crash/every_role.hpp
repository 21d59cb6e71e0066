#pragma once

#include "session.hpp"

namespace parley::test {

template <class... Words>
using mail = channel<letter, Words...>;
template <class... Words>
using bulky_mail = channel<bulky_letter, Words...>;

/// What every mailbox goes through: a victim in each role (or in some), then those who clean up after the dead.
template <class C>
void kill_in_every_role(unsigned passings = 1, std::vector<role> roles = {}) {
    constexpr bool rendezvous = C::template word<buffering_axis>::rendezvous;
    constexpr bool port = C::addressing::owned;
    constexpr bool one_by_one = C::addressing::selection::one_at_a_time;
    constexpr bool selective = one_by_one || C::addressing::selection::takes_turns;
    session<C> room;
    constexpr bool in_place = C::transport::capabilities.in_place || C::payload::stays;
    if (roles.empty()) {
        roles = {role::send, role::try_send, role::send_batch, role::come_and_send};
        if (in_place) {
            roles.push_back(role::loan);
        }
        if (!port) {
            roles.insert(roles.end(), {role::receive, role::try_receive, role::receive_batch, role::come_and_receive});
        }
        if (in_place && !port) {
            roles.push_back(role::take);
        }
    }
    for (const auto what : roles) {
        room.kill_everywhere({.what = what, .first = one_by_one && !sends(what)}, passings);
    }
    room.kill_everywhere({.what = role::send, .wait = true}, passings);
    if (!port) {
        room.kill_everywhere({.what = role::receive, .wait = true, .first = one_by_one}, passings);
        if constexpr (!rendezvous && !selective && C::transport::capabilities.in_place) {
            constexpr auto died_writing = "mpmc: slot written, not published";
            constexpr auto died_reading = "mpmc: message read, slot not freed";
            room.kill_everywhere({.what = role::receive, .alone = true, .before = {{role::send, died_writing}}}, 1);
            room.kill_everywhere({.what = role::receive, .alone = true, .before = {{role::send_batch, died_writing}}},
                                 2);
            // A receiver dies with a message before a sender that needs the slot comes by.
            room.kill_everywhere({.what = role::send,
                                  .alone = true,
                                  .before = {{role::send, "mpmc: published, sending intent not cleared"},
                                             {role::receive, died_reading}}},
                                 1);
        }
    }
    room.finish();
}

}  // namespace parley::test
