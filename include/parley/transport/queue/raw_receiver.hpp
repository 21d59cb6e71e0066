#pragma once

#include <cstddef>
#include <cstring>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <utility>

#include <poll.h>

#include <parley/message/transit.hpp>
#include <parley/os/clock.hpp>
#include <parley/os/cpu.hpp>
#include <parley/os/error.hpp>
#include <parley/synchronization/concept.hpp>
#include <parley/transport/batch.hpp>
#include <parley/transport/copying_context.hpp>
#include <parley/transport/death_notice.hpp>
#include <parley/transport/queue/raw_object.hpp>
#include <parley/transport/queue/raw_unit.hpp>
#include <parley/transport/queue/raw_waiting.hpp>

namespace parley::transport::queue {

/// Receiving from a raw object.
template <class C, class Object>
class raw_receiver {
    using message_type = typename C::message;
    using unit = raw_unit<message_type>;
    using side = typename C::template word<synchronization_axis>::receiver_side;

public:
    raw_receiver(Object&& object, death_notice& notice)
        : object_(std::move(object)), room_(object_.largest()), end_(notice, side::waits) {}

    [[nodiscard]] Object& object() noexcept { return object_; }

    [[nodiscard]] std::optional<message_type> try_pop(closing_context&) { return pop(); }

    [[nodiscard]] std::optional<message_type> pop_until(closing_context&, os::deadline until) {
        return os::keep_trying(
            until, [&] { return pop(); }, [&] { return wait(until); });
    }

    [[nodiscard]] std::size_t try_pop_some(closing_context&, std::span<message_type> batch) {
        if constexpr (message::trivial<message_type>) {
            if (Object::takes_less_room || object_.largest() <= unit::capacity) {
                return pop_each_to(batch, [this](message_type& place) { return pop_to(place); });
            }
        }
        return pop_one_by_one(batch, [this] { return pop(); });
    }

    [[nodiscard]] bool wait(closing_context&, os::deadline until) { return wait(until); }

private:
    static constexpr unsigned polls_per_look = 256;

    [[nodiscard]] std::optional<message_type> pop() {
        const auto size = take(room_.all());
        if (!size) {
            return std::nullopt;
        }
        auto content = room_.read(*size);
        if (!content) [[unlikely]] {
            throw_corrupt(*size);
        }
        return content;
    }

    /// The same, straight to where it is to stay.
    [[nodiscard]] bool pop_to(message_type& place) {
        const std::span there(reinterpret_cast<std::byte*>(std::addressof(place)), unit::capacity);
        std::memcpy(there.data(), room_.all().data(), have_);
        const keeping_the_rest at_the_end{*this, there};
        const auto size = take(there);
        if (size && *size != unit::capacity) [[unlikely]] {
            throw_corrupt(*size);
        }
        return size.has_value();
    }

    /// What is not whole comes back into the room, also where the end is thrown.
    struct keeping_the_rest {
        raw_receiver& receiver;
        std::span<const std::byte> there;
        ~keeping_the_rest() { std::memcpy(receiver.room_.all().data(), there.data(), receiver.have_); }
    };

    [[noreturn, gnu::cold, gnu::noinline]] static void throw_corrupt(std::size_t size) {
        throw_error(errc::corrupt, "a unit of " + std::to_string(size) + " bytes, or more, was dropped: a message " +
                                       "of this channel has " + (unit::fixed_size ? "" : "at most ") +
                                       std::to_string(unit::capacity));
    }

    /// The size of what the object has given to `there`; none if it has nothing. Throws the end.
    [[nodiscard]] std::optional<std::size_t> take(std::span<std::byte> there) {
        // Asked before the attempt: what was sent before the end is in the object by then.
        const bool ended = end_.is_over();
        const auto size = gather(there);
        if (size) [[likely]] {
            vain_looks_ = 0;
            return size;
        }
        if (ended) {
            end_.tell();
        }
        if (++polls_ % polls_per_look == 0) {
            static_cast<void>(end_.look(object_));
        }
        return std::nullopt;
    }

    /// The size of a message that now lies there, if there is one. Of a stream, a message of fixed size is gathered
    /// until it is whole; `have_` bytes lie there before.
    [[nodiscard]] std::optional<std::size_t> gather(std::span<std::byte> there) {
        if constexpr (Object::keeps_units) {
            return object_.get(there);
        } else if constexpr (!unit::fixed_size) {
            return object_.get(there.first(unit::capacity));
        } else {
            while (have_ < unit::capacity) {
                const auto size = object_.get(there.subspan(have_, unit::capacity - have_));
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
            if (vain_looks_ < looks_before_poll && !until.passed()) {  // an attempt costs no more than a look
                ++vain_looks_;
                os::pause();
                return true;
            }
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
    int vain_looks_ = 0;  ///< since the last message
};

}  // namespace parley::transport::queue
