#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <utility>

#include <poll.h>

#include <parley/os/clock.hpp>
#include <parley/os/error.hpp>
#include <parley/synchronization/concept.hpp>
#include <parley/transport/batch.hpp>
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
        return pop_one_by_one(batch, [&] { return pop(false); });
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
