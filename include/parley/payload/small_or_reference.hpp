#pragma once

#include <algorithm>
#include <cstddef>
#include <cstring>
#include <memory>
#include <new>
#include <optional>
#include <span>
#include <utility>

#include <parley/message/wire.hpp>
#include <parley/pool/block.hpp>

namespace parley::payload {

/// What travels with `adaptive`: a message of at most `Room` bytes, or the reference to one that stays in the pool.
///
/// A sender makes it of what it has, and copies nothing; the link writes it (`message::wire` below). A receiver gets
/// the message's bytes where they lie in the link (`at`), or a copy of its own.
template <class Message, std::size_t Room>
class small_or_reference {
    using wire = message::wire<Message>;

public:
    small_or_reference() noexcept = default;
    explicit small_or_reference(const pool::block_reference& reference) noexcept : reference_(reference) {}

    /// A message, for which `wire<Message>::size` is `size`, not more than `Room`.
    small_or_reference(const Message& content, std::size_t size) noexcept : content_(&content), size_(size) {}
    /// A message as it lies in a slot.
    explicit small_or_reference(std::span<const std::byte> written) noexcept
        : bytes_(written.data()), size_(written.size()) {}

    /// Whether it is the message itself.
    [[nodiscard]] bool is_small() const noexcept { return size_ != 0; }
    [[nodiscard]] const pool::block_reference& reference() const noexcept { return reference_; }

    /// Of a small one: as it lies in a slot. Received, it is not yet known to be a message.
    [[nodiscard]] std::span<const std::byte> bytes() const noexcept { return {bytes_, size_}; }

    [[nodiscard]] std::size_t size() const noexcept { return is_small() ? size_ : sizeof reference_; }

    void write(std::byte* where) const noexcept {
        if (!is_small()) {
            std::memcpy(where, &reference_, sizeof reference_);
        } else if (bytes_ != nullptr) {
            std::memcpy(where, bytes_, size_);
        } else if constexpr (requires { wire::write(where, *content_, size_); }) {
            wire::write(where, *content_, size_);
        } else {
            wire::write(where, *content_);
        }
    }

    /// Keeps the bytes of a small one, which are gone from where they lay when the link goes on.
    void keep() {
        kept_.reset(static_cast<std::byte*>(::operator new(size_, alignment)));
        std::memcpy(kept_.get(), bytes_, size_);
        bytes_ = kept_.get();
    }

private:
    static constexpr std::align_val_t alignment{wire::alignment};  // an alternative of a variant may ask for much

    struct release {
        void operator()(std::byte* memory) const noexcept { ::operator delete(memory, alignment); }
    };

    pool::block_reference reference_{};
    const Message* content_ = nullptr;
    const std::byte* bytes_ = nullptr;
    std::size_t size_ = 0;
    std::unique_ptr<std::byte, release> kept_;
};

/// How large the slot of a message may be that is sent itself: 0 where only references travel.
template <class Travelling>
inline constexpr std::size_t room_of = 0;
template <class Message, std::size_t Room>
inline constexpr std::size_t room_of<small_or_reference<Message, Room>> = Room;

}  // namespace parley::payload

namespace parley::message {

/// First how many bytes the message has, or 0: a reference follows.
template <class Message, std::size_t Room>
struct wire<payload::small_or_reference<Message, Room>> {
    using item = payload::small_or_reference<Message, Room>;
    using size_type = wire_detail::length_type;

    static constexpr std::size_t alignment = std::max(alignof(size_type), wire<Message>::alignment);
    static constexpr std::size_t body = wire_detail::round_up(sizeof(size_type), alignment);
    static constexpr std::size_t capacity =
        wire_detail::round_up(body + std::max(Room, sizeof(pool::block_reference)), alignment);
    static constexpr bool fixed_size = false;
    static constexpr bool in_place = true;
    static constexpr bool always_valid = false;

    [[nodiscard]] static std::size_t size(const item& value) noexcept { return body + value.size(); }

    static void write(std::byte* slot, const item& value) noexcept {
        wire_detail::store(slot, value.is_small() ? static_cast<size_type>(value.size()) : size_type{0});
        value.write(slot + body);
    }

    /// What lies in the slot, and is to stay there while the result is used.
    [[nodiscard]] static std::optional<item> at(const std::byte* slot, std::size_t most = capacity) noexcept {
        if (most < body) {
            return std::nullopt;
        }
        const auto size = wire_detail::load_once<size_type>(slot);
        if (size == 0) {
            auto reference = read_within<pool::block_reference>(slot + body, most - body);
            return reference ? std::optional<item>(std::in_place, *reference) : std::nullopt;
        }
        if (size > std::min(Room, most - body)) {
            return std::nullopt;
        }
        return std::optional<item>(std::in_place, std::span(slot + body, static_cast<std::size_t>(size)));
    }

    [[nodiscard]] static std::optional<item> read(const std::byte* slot, std::size_t most = capacity) {
        auto result = at(slot, most);
        if (result && result->is_small()) {
            result->keep();
        }
        return result;
    }

    [[nodiscard]] static bool read(const std::byte* slot, item& out) {
        auto result = read(slot);
        if (result) {
            out = std::move(*result);
        }
        return result.has_value();
    }

    [[nodiscard]] static bool within(const std::byte* slot, std::size_t size) noexcept {
        const auto needed = size_in(slot, size);
        return needed && *needed <= size;
    }

    /// Whether these bytes, which may lie anywhere, are exactly one.
    [[nodiscard]] static bool is_whole(std::span<const std::byte> bytes) noexcept {
        return size_in(bytes.data(), bytes.size()) == bytes.size();
    }

private:
    /// How many bytes it says that it has; none if it cannot be.
    [[nodiscard]] static std::optional<std::size_t> size_in(const std::byte* slot, std::size_t most) noexcept {
        if (most < body) {
            return std::nullopt;
        }
        const auto size = wire_detail::load_once<size_type>(slot);
        return size > Room
                   ? std::nullopt
                   : std::optional(body + (size == 0 ? sizeof(pool::block_reference) : static_cast<std::size_t>(size)));
    }
};

}  // namespace parley::message
