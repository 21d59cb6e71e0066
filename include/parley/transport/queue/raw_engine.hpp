#pragma once

#include <cstddef>
#include <ctime>
#include <memory>
#include <new>
#include <optional>
#include <span>
#include <string>
#include <utility>

#include <poll.h>
#include <sched.h>

#include <parley/os/clock.hpp>
#include <parley/os/error.hpp>
#include <parley/os/poll.hpp>
#include <parley/transport/queue/engine.hpp>
#include <parley/transport/queue/raw_object.hpp>
#include <parley/transport/queue/raw_unit.hpp>
#include <parley/transport/spill.hpp>
#include <parley/wait/parking_lot.hpp>

/// Sending to and receiving from a raw object (transport/queue/raw_object.hpp).
///
/// Who waits sleeps in poll(2) where there is a descriptor. Where there is none, nobody wakes who waits: it looks again
/// and again, after 50 microseconds, then twice that, and so on up to a millisecond.

namespace parley::transport::queue {

/// Nothing is lent out where messages are copied.
struct raw_context {
    bool loan_out = false;
    bool take_out = false;
};

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

/// What an end knows of its object's end, and when it says so. The one call that waits as it comes is told that the
/// other side was killed; who calls later, that the channel is closed.
template <class C>
class raw_end_of_life {
public:
    /// Whether it is over. Asks the kernel.
    template <class Object>
    [[nodiscard]] bool look(Object& object) noexcept {
        if (state_ == raw_state::open) {
            state_ = object.state();
        }
        return is_over();
    }
    [[nodiscard]] bool is_over() const noexcept { return state_ != raw_state::open; }

    [[noreturn, gnu::noinline]] void tell(bool waited) {
        const bool first = !std::exchange(told_, true);
        const auto what = std::string(C::template word<transport_axis>::name) + " (raw): ";
        switch (state_) {
            case raw_state::owner_died:
                if (waited && first && C::template word<addressing_axis>::owned) {
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
    bool told_ = false;
};

template <class C, class Object>
class raw_sender {
    using message_type = typename C::message;
    using unit = raw_unit<message_type>;
    using side = typename C::template word<synchronization_axis>::sender_side;
    static constexpr bool spills = C::template word<buffering_axis>::capacity == buffering::without_limit;

public:
    static constexpr bool rendezvous = false;

    explicit raw_sender(Object&& object) : object_(std::move(object)) {}

    [[nodiscard]] Object& object() noexcept { return object_; }

    [[nodiscard]] bool try_push(raw_context&, const message_type& content) { return push(content, false); }

    [[nodiscard]] bool push_until(raw_context&, const message_type& content, os::deadline until) {
        bool waited = false;
        return os::keep_trying(
            until, [&] { return push(content, waited); },
            [&] {
                waited = true;
                return wait(until);
            });
    }

    [[nodiscard]] std::size_t try_push_some(raw_context&, std::span<const message_type> batch) {
        std::size_t sent = 0;
        try {
            while (sent < batch.size() && push(batch[sent], false)) {
                ++sent;
            }
        } catch (const error&) {
            if (sent == 0) {
                throw;
            }
            // First what has been sent; the next call meets the same again.
        }
        return sent;
    }

    [[nodiscard]] bool wait(raw_context&, os::deadline until) { return wait(until); }

    /// Before leaving in good order: until nothing waits to be sent, or nobody is there to receive it.
    void linger() noexcept {
        if (spill_ != nullptr) {
            spill_->linger();
        }
    }

private:
    static constexpr unsigned attempts_per_look = 64;

    [[nodiscard]] bool push(const message_type& content, bool waited) {
        if (end_.is_over() || (++attempts_ % attempts_per_look == 0 && end_.look(object_))) [[unlikely]] {
            end_.tell(waited);
        }
        const auto bytes = unit::bytes_of(content);
        if constexpr (spills) {
            spill(bytes);
            return true;
        } else {
            const auto result = object_.put(bytes);
            if (result == attempt::over) {
                end_.look(object_) ? end_.tell(waited) : static_cast<void>(0);
            }
            return result == attempt::accepted;
        }
    }

    [[nodiscard]] bool wait(os::deadline until) {
        if constexpr (side::waits && !spills) {
            raw_patience<side> patience;
            return patience.wait(
                object_, POLLOUT, until, [this] { return end_.is_over() || object_.writable(); },
                [this] { static_cast<void>(end_.look(object_)); });
        } else {
            return spills;
        }
    }

    void spill(std::span<const std::byte> content) {
        if (spill_ == nullptr) {
            spill_ = std::make_unique<transport::spill>(below());
        }
        try {
            spill_->send(content);
        } catch (const std::bad_alloc&) {
            throw_error(errc::no_space,
                        "an unbounded channel has used up the sender's memory: " + std::to_string(content.size()) +
                            " bytes more could not be had; let the receiver catch up");
        }
    }

    [[nodiscard]] transport::spill::link below() {
        return {
            .put =
                [this](std::span<const std::byte> content) {
                    const auto result = object_.put(content);
                    if (result == attempt::over && end_.look(object_)) {
                        end_.tell(false);
                    }
                    return result == attempt::accepted;
                },
            .wait =
                [this] {
                    constexpr ::timespec moment{0, 200'000};
                    if (object_.handle() >= 0) {
                        static_cast<void>(os::poll_for(object_.handle(), POLLOUT, std::chrono::milliseconds(50)));
                    } else {
                        ::nanosleep(&moment, nullptr);  // no descriptor that tells
                    }
                },
            .wanted = [this] { return object_.somebody_receives(); },
        };
    }

    Object object_;
    raw_end_of_life<C> end_;
    unsigned attempts_ = 0;
    std::unique_ptr<transport::spill> spill_;
};

template <class C, class Object>
class raw_receiver {
    using message_type = typename C::message;
    using unit = raw_unit<message_type>;
    using side = typename C::template word<synchronization_axis>::receiver_side;

public:
    explicit raw_receiver(Object&& object) : object_(std::move(object)), room_(object_.largest()) {}

    [[nodiscard]] Object& object() noexcept { return object_; }

    [[nodiscard]] std::optional<message_type> try_pop(raw_context&) { return pop(false); }

    [[nodiscard]] std::optional<message_type> pop_until(raw_context&, os::deadline until) {
        bool waited = false;
        return os::keep_trying(
            until, [&] { return pop(waited); },
            [&] {
                waited = true;
                return wait(until);
            });
    }

    [[nodiscard]] std::size_t try_pop_some(raw_context&, std::span<message_type> batch) {
        std::size_t received = 0;
        try {
            while (received < batch.size()) {
                auto next = pop(false);
                if (!next) {
                    break;
                }
                batch[received++] = std::move(*next);
            }
        } catch (const error& end) {
            if (received == 0 || end.code() == errc::corrupt) {
                throw;
            }
            // First what has been received; the next call comes to the end again.
        }
        return received;
    }

    [[nodiscard]] bool wait(raw_context&, os::deadline until) { return wait(until); }

private:
    static constexpr unsigned polls_per_look = 256;

    [[nodiscard]] std::optional<message_type> pop(bool waited) {
        // Asked before the attempt: what was sent before the end is in the object by then.
        const bool ended = end_.is_over();
        const auto size = gather();
        if (size) [[likely]] {
            auto content = room_.read(*size);
            if (!content) [[unlikely]] {
                throw_error(errc::corrupt, "a unit of " + std::to_string(*size) + " bytes, or more, was dropped: a " +
                                               "message of this channel has " + (unit::fixed_size ? "" : "at most ") +
                                               std::to_string(unit::capacity));
            }
            return content;
        }
        if (ended) {
            end_.tell(waited);
        }
        if (++polls_ % polls_per_look == 0) {
            static_cast<void>(end_.look(object_));
        }
        return std::nullopt;
    }

    /// The size of a message that now lies in the room, if there is one. Of a stream, a message of fixed size is
    /// gathered until it is whole.
    [[nodiscard]] std::optional<std::size_t> gather() {
        if constexpr (Object::keeps_units) {
            return object_.get(room_.all());
        } else if constexpr (!unit::fixed_size) {
            return object_.get(room_.all().first(unit::capacity));
        } else {
            while (have_ < unit::capacity) {
                const auto size = object_.get(room_.all().subspan(have_, unit::capacity - have_));
                if (!size) {
                    return std::nullopt;
                }
                have_ += *size;
            }
            return std::exchange(have_, 0);
        }
    }

    [[nodiscard]] bool wait(os::deadline until) {
        if constexpr (side::waits) {
            raw_patience<side> patience;
            return patience.wait(
                object_, POLLIN, until, [this] { return end_.is_over() || object_.readable(); },
                [this] { static_cast<void>(end_.look(object_)); });
        } else {
            return false;
        }
    }

    Object object_;
    raw_room<message_type> room_;
    raw_end_of_life<C> end_;
    std::size_t have_ = 0;  ///< bytes of a message that is not whole yet
    unsigned polls_ = 0;
};

}  // namespace parley::transport::queue
