#pragma once

#include <cstddef>
#include <ctime>
#include <memory>
#include <new>
#include <optional>
#include <span>
#include <utility>

#include <parley/message/wire.hpp>
#include <parley/os/clock.hpp>
#include <parley/os/poll.hpp>
#include <parley/transport/batch.hpp>
#include <parley/transport/spill.hpp>

namespace parley::transport::queue {

/// `unbounded` over a queue object: what the object does not take waits in a spill (transport/spill.hpp).
template <class Message, class Queue, class Side>
class spilling_sender {
public:
    static constexpr bool rendezvous = false;
    using wire = message::wire<Message>;
    using producer = typename Queue::producer;

    explicit spilling_sender(producer end) : producer_(std::move(end)) {}

    template <class Context>
    [[nodiscard]] bool try_push(Context& context, const Message& content) {
        const auto size = wire::size(content);
        if (context.closed()) [[unlikely]] {
            context.throw_closed();
        }
        context.finds_room();
        if (spill_ == nullptr) {
            spill_ = std::make_unique<transport::spill>(link_for(context));
        }
        wire::write(staging_.get(), content);
        try {
            spill_->send({staging_.get(), size});
        } catch (const std::bad_alloc&) {
            throw_error(errc::no_space,
                        "an unbounded channel has used up the sender's memory: " + std::to_string(size) +
                            " bytes more could not be had; let the receiver catch up");
        }
        return true;
    }

    template <class Context>
    [[nodiscard]] bool push_until(Context& context, const Message& content, os::deadline) {
        return try_push(context, content);
    }

    template <class Context>
    [[nodiscard]] std::size_t try_push_some(Context& context, std::span<const Message> content) {
        return push_one_by_one(content, [&](const Message& each) { return try_push(context, each); });
    }

    template <class Context>
    [[nodiscard]] static bool wait(Context&, os::deadline) noexcept {
        return true;
    }

    /// Before leaving in good order.
    void linger() noexcept {
        if (spill_ != nullptr) {
            spill_->linger();
        }
    }

    [[nodiscard]] int handle() const noexcept { return producer_.handle(); }
    [[nodiscard]] bool anything_waits() const { return producer_.readable(); }

private:
    template <class Context>
    [[nodiscard]] transport::spill::link link_for(Context& context) {
        return {
            .put =
                [&](std::span<const std::byte> content) {
                    if (!producer_.put_bytes(content)) {
                        return false;
                    }
                    if constexpr (!Queue::pollable || Context::one_of_many_links) {
                        context.wake_receivers(1);
                    }
                    return true;
                },
            .wait =
                [&] {
                    if constexpr (producer::pollable) {
                        static_cast<void>(os::poll_for(producer_.handle(), POLLOUT, std::chrono::milliseconds(50)));
                    } else {
                        constexpr timespec moment{0, 200'000};  // no descriptor that tells
                        ::nanosleep(&moment, nullptr);
                    }
                },
            .wanted = [&context] { return !context.closed() && context.somebody_receives(); },
        };
    }

    struct buffer_delete {
        void operator()(std::byte* buffer) const noexcept {
            ::operator delete (buffer, std::align_val_t{wire::alignment});
        }
    };

    producer producer_;
    std::unique_ptr<std::byte, buffer_delete> staging_{
        static_cast<std::byte*>(::operator new (wire::capacity, std::align_val_t{wire::alignment}))};
    std::unique_ptr<transport::spill> spill_;
};

}  // namespace parley::transport::queue
