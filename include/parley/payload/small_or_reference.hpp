#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <new>
#include <optional>
#include <span>
#include <utility>

#include <parley/message/wire.hpp>
#include <parley/pool/block.hpp>

namespace parley::payload {

/// The reference that lies in a slot of a link. Read exactly once, for whoever wrote it may write again: what is
/// checked is what is used.
[[nodiscard]] inline pool::block_reference reference_at(const std::byte* place) noexcept {
    using word = std::uint64_t;
    const auto word_at = [&](std::size_t index) {
        return message::wire_detail::load_once<word>(place + index * sizeof(word));
    };
    return std::bit_cast<pool::block_reference>(std::array<word, 3>{word_at(0), word_at(1), word_at(2)});
}

/// What travels with `adaptive`: a message of at most `Room` bytes, or the reference to one that stays in the pool.
///
/// A sender makes it of what it has, and copies nothing; the link writes it (`message::wire` below). A receiver gets a
/// copy of its own. Where the link works in place both sides do without: they write and read its slot.
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
    static constexpr bool mostly_little = true;

    [[nodiscard]] static std::size_t size(const item& value) noexcept { return body + value.size(); }

    static void write(std::byte* slot, const item& value) noexcept {
        set_size(slot, value.is_small() ? value.size() : 0);
        value.write(slot + body);
    }

    /// How many bytes the message has that lies here, 0 where it is a reference; none for what does not end within the
    /// first `most` bytes, and so is neither. It is a peer who says so: it is read here, once, and only the result
    /// used.
    [[nodiscard]] static std::optional<std::size_t> size_within(const std::byte* slot, std::size_t most) noexcept {
        if (most < body) {
            return std::nullopt;
        }
        const auto size = wire_detail::load_once<size_type>(slot);
        if (size > Room || length_of(static_cast<std::size_t>(size)) > most - body) {
            return std::nullopt;
        }
        return static_cast<std::size_t>(size);
    }

    /// In a slot of the link. A message is written at `message_in`, and then its size is set.
    static void set_size(std::byte* slot, std::size_t size) noexcept {
        wire_detail::store(slot, static_cast<size_type>(size));
    }
    template <class Byte>
    [[nodiscard]] static Byte* message_in(Byte* slot) noexcept {
        return slot + body;
    }
    [[nodiscard]] static pool::block_reference reference_in(const std::byte* slot) noexcept {
        return payload::reference_at(slot + body);
    }

    /// A small one is copied: it is the result's own.
    [[nodiscard]] static std::optional<item> read(const std::byte* slot, std::size_t most = capacity) {
        const auto size = size_within(slot, most);
        if (!size) {
            return std::nullopt;
        }
        if (*size == 0) {
            return std::optional<item>(std::in_place, reference_in(slot));
        }
        auto result = std::optional<item>(std::in_place, std::span(message_in(slot), *size));
        result->keep();
        return result;
    }

    [[nodiscard]] static bool read(const std::byte* slot, item& out, std::size_t most = capacity) {
        auto result = read(slot, most);
        if (result) {
            out = std::move(*result);
        }
        return result.has_value();
    }

    [[nodiscard]] static bool within(const std::byte* slot, std::size_t size) noexcept {
        return size_within(slot, size).has_value();
    }

    /// Whether these bytes, which may lie anywhere, are exactly one.
    [[nodiscard]] static bool is_whole(std::span<const std::byte> bytes) noexcept {
        const auto size = size_within(bytes.data(), bytes.size());
        return size && body + length_of(*size) == bytes.size();
    }

private:
    [[nodiscard]] static constexpr std::size_t length_of(std::size_t size) noexcept {
        return size == 0 ? sizeof(pool::block_reference) : size;
    }
};

}  // namespace parley::message
