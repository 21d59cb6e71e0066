#pragma once

#include <algorithm>
#include <chrono>
#include <ctime>
#include <string>

#include <sched.h>

#include <parley/addressing/concept.hpp>
#include <parley/os/clock.hpp>
#include <parley/os/error.hpp>
#include <parley/os/poll.hpp>
#include <parley/transport/concept.hpp>
#include <parley/transport/death_notice.hpp>
#include <parley/transport/queue/engine.hpp>
#include <parley/transport/queue/raw_object.hpp>
#include <parley/wait/parking_lot.hpp>

/// What the two sides of a raw object (transport/queue/raw_object.hpp) have in common: how they wait, and how they
/// learn of the end.
///
/// Who waits sleeps in poll(2) where there is a descriptor. Where there is none, nobody wakes who waits: it looks again
/// and again, after 50 microseconds, then twice that, and so on up to a millisecond.

namespace parley::transport::queue {

/// Waits for one object, on one side. Kept for one call that waits.
template <class Side>
class raw_patience {
public:
    /// Waits until `ready()` or the deadline; calls `look` every now and then.
    template <class Object, class Ready, class Look>
    [[nodiscard]] bool wait(const Object& object, short events, os::deadline until, Ready ready, Look look) {
        lot<Object> place{object, events};
        bool slept = false;
        return waiting::wait_until(place, 0, until, ready, look, slept, looks_before_poll);
    }

private:
    template <class Object>
    struct lot {
        const Object& object;
        short events;
        os::clock::duration pause = std::chrono::microseconds(50);

        template <class Ready>
        void park(std::size_t, os::clock::duration at_most, Ready) noexcept {
            if constexpr (!Side::strategy::sleeps) {
                ::sched_yield();
            } else if (object.handle() >= 0) {
                static_cast<void>(os::poll_for(object.handle(), events, at_most));
            } else {
                const auto moment = std::chrono::duration_cast<std::chrono::nanoseconds>(std::min(pause, at_most));
                const ::timespec slice{0, static_cast<long>(moment.count())};
                ::nanosleep(&slice, nullptr);
                pause = std::min<os::clock::duration>(2 * pause, std::chrono::milliseconds(1));
            }
        }
    };
};

/// What an end knows of its object's end, and as what it tells it.
template <class C>
class raw_end_of_life {
public:
    /// `waits`: whether calls wait for the other side, unless they are attempts.
    raw_end_of_life(death_notice& notice, bool waits) noexcept : notice_(&notice), waits_(waits) {}

    /// Whether it is over. Asks the kernel.
    template <class Object>
    [[nodiscard]] bool look(Object& object) noexcept {
        if (state_ == raw_state::open) {
            state_ = object.state();
        }
        return is_over();
    }
    [[nodiscard]] bool is_over() const noexcept { return state_ != raw_state::open; }

    [[noreturn, gnu::noinline]] void tell() {
        const auto what = std::string(C::template word<transport_axis>::name) + " (raw): ";
        switch (state_) {
            case raw_state::owner_died:
                if (notice_->is_due(waits_ && C::template word<addressing_axis>::owned)) {
                    throw_error(errc::peer_died, what +
                                                     "the receiver of this port, which alone could have ended this "
                                                     "wait, was killed; start it again, then open the channel anew");
                }
                throw_error(errc::closed, what + "its owner was killed; open it again when a new one exists");
            case raw_state::abandoned:
                throw_error(errc::closed,
                            what + "no process has it open to receive any more; open it again when one has");
            default:
                throw_error(errc::closed, what + "it was removed; open it again when a new one exists");
        }
    }

private:
    raw_state state_ = raw_state::open;
    death_notice* notice_;
    bool waits_;
};

}  // namespace parley::transport::queue
