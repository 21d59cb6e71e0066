#pragma once

#include <chrono>
#include <cstddef>
#include <ctime>
#include <memory>
#include <new>
#include <span>
#include <string>
#include <utility>

#include <poll.h>

#include <parley/buffering/concept.hpp>
#include <parley/os/clock.hpp>
#include <parley/os/error.hpp>
#include <parley/os/poll.hpp>
#include <parley/synchronization/concept.hpp>
#include <parley/transport/batch.hpp>
#include <parley/transport/copying_context.hpp>
#include <parley/transport/death_notice.hpp>
#include <parley/transport/queue/raw_object.hpp>
#include <parley/transport/queue/raw_unit.hpp>
#include <parley/transport/queue/raw_waiting.hpp>
#include <parley/transport/spill.hpp>

namespace parley::transport::queue {

/// Sending to a raw object. With `unbounded`, what the object does not take waits in a spill.
template <class C, class Object>
class raw_sender {
    using message_type = typename C::message;
    using unit = raw_unit<message_type>;
    using side = typename C::template word<synchronization_axis>::sender_side;
    static constexpr bool spills = C::template word<buffering_axis>::capacity == buffering::without_limit;

public:
    static constexpr bool rendezvous = false;

    raw_sender(Object&& object, death_notice& notice)
        : object_(std::move(object)), end_(notice, side::waits && !spills) {}

    [[nodiscard]] Object& object() noexcept { return object_; }

    [[nodiscard]] bool try_push(closing_context&, const message_type& content) { return push(content); }

    [[nodiscard]] bool push_until(closing_context&, const message_type& content, os::deadline until) {
        return os::keep_trying(
            until, [&] { return push(content); }, [&] { return wait(until); });
    }

    [[nodiscard]] std::size_t try_push_some(closing_context&, std::span<const message_type> batch) {
        return push_one_by_one(batch, [this](const message_type& each) { return push(each); });
    }

    [[nodiscard]] bool wait(closing_context&, os::deadline until) { return wait(until); }

    /// Before leaving in good order: until nothing waits to be sent, or nobody is there to receive it.
    void linger() noexcept {
        if (spill_ != nullptr) {
            spill_->linger();
        }
    }

private:
    static constexpr unsigned attempts_per_look = 256;  // a look costs more than a message

    [[nodiscard]] bool push(const message_type& content) {
        const auto bytes = unit::bytes_of(content);
        if constexpr (spills) {
            spill(bytes);
            return true;
        } else {
            return put(bytes);
        }
    }

    /// With a spill, only with its lock held: its thread does the same, and tells an end without touching the notice.
    [[nodiscard]] bool put(std::span<const std::byte> bytes) {
        if (end_.is_over() || (++attempts_ % attempts_per_look == 0 && end_.look(object_))) [[unlikely]] {
            end_.tell();
        }
        const auto result = object_.put(bytes);
        if (result == attempt::over && end_.look(object_)) {
            end_.tell();
        }
        return result == attempt::accepted;
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
            .put = [this](std::span<const std::byte> content) { return put(content); },
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

}  // namespace parley::transport::queue
