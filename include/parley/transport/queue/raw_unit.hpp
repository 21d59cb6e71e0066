#pragma once

#include <cstddef>
#include <cstring>
#include <memory>
#include <new>
#include <optional>
#include <span>

#include <parley/message/kind.hpp>
#include <parley/message/transit.hpp>
#include <parley/message/wire.hpp>

/// How a message travels with `raw`: a `bytes<Max>` is what it holds, everything else its own bytes.

namespace parley::transport::queue {

template <class Message>
struct raw_unit {
    static constexpr bool fixed_size = !message::byte_string<Message>;
    static constexpr std::size_t capacity = message::size_in_transit<Message, true>;

    [[nodiscard]] static std::span<const std::byte> bytes_of(const Message& content) noexcept {
        if constexpr (fixed_size) {
            return {reinterpret_cast<const std::byte*>(std::addressof(content)), sizeof(Message)};
        } else {
            return {content.data(), content.size()};
        }
    }
};

/// Where a message is received: aligned for it, and never less than the object wants.
template <class Message>
class raw_room {
    static constexpr std::size_t alignment = message::wire<Message>::alignment;

public:
    explicit raw_room(std::size_t at_least)
        : size_(at_least > raw_unit<Message>::capacity ? at_least : raw_unit<Message>::capacity),
          bytes_(static_cast<std::byte*>(::operator new (size_, std::align_val_t{alignment}))) {}

    [[nodiscard]] std::span<std::byte> all() noexcept { return {bytes_.get(), size_}; }

    /// The message that was received, in so many bytes; none if it is no message of this size.
    [[nodiscard]] std::optional<Message> read(std::size_t size) const {
        using unit = raw_unit<Message>;
        if constexpr (unit::fixed_size) {
            return size == unit::capacity ? message::wire<Message>::read(bytes_.get()) : std::nullopt;
        } else {
            return size <= unit::capacity
                       ? std::optional<Message>{std::in_place, std::span<const std::byte>{bytes_.get(), size}}
                       : std::nullopt;
        }
    }

private:
    struct release {
        void operator()(std::byte* bytes) const noexcept { ::operator delete (bytes, std::align_val_t{alignment}); }
    };
    std::size_t size_;
    std::unique_ptr<std::byte, release> bytes_;
};

}  // namespace parley::transport::queue
