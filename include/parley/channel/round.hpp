#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <optional>
#include <span>
#include <system_error>
#include <type_traits>

#include <parley/channel/options.hpp>
#include <parley/message/wire.hpp>
#include <parley/os/clock.hpp>

/// One round of a body: a message with a header of 24 bytes ahead of a part. How it is written and read over a link, in
/// place where the link can.

namespace parley::rounds_detail {

/// What a message in rounds is. Numbers that other messages hardly begin with.
enum class round_kind : std::uint32_t {
    part = 0x31'64'6e'52,        ///< "Rnd1": the next part of a body
    broken_off = 0x30'64'6e'52,  ///< "Rnd0": the sender has given this body up, and nothing more of it comes
};

/// What stands ahead of each part, in this machine's order of bytes as in every message.
struct round_header {
    round_kind kind;
    std::uint32_t body;    ///< which body of its sender
    std::uint64_t offset;  ///< where in the body the part begins; broken off: how much of it was sent
    std::uint64_t total;   ///< bytes of the whole body
};
inline constexpr std::size_t header_size = sizeof(round_header);
static_assert(header_size == 24 && std::has_unique_object_representations_v<round_header>,
              "it travels as it is, between programs of different compilers");

/// A message as a round.
struct round {
    round_header header;
    std::span<const std::byte> part;
};

/// What a peer wrote is not trusted and may change while it is looked at: each field of the header is read once.
[[nodiscard]] inline std::optional<round> read_round(std::span<const std::byte> message) noexcept {
    if (message.size() < header_size) {
        return std::nullopt;
    }
    const auto field = [&]<class Number>(Number, std::size_t offset) {
        return message::wire_detail::load_once<Number>(message.data() + offset);
    };
    const auto kind = static_cast<round_kind>(field(std::uint32_t{}, offsetof(round_header, kind)));
    if (kind != round_kind::part && kind != round_kind::broken_off) {
        return std::nullopt;
    }
    return round{.header = {.kind = kind,
                            .body = field(std::uint32_t{}, offsetof(round_header, body)),
                            .offset = field(std::uint64_t{}, offsetof(round_header, offset)),
                            .total = field(std::uint64_t{}, offsetof(round_header, total))},
                 .part = message.subspan(header_size)};
}

/// Writes rounds into an end: a link, or what else has `sending`.
template <class End>
class round_writer {
    using message_type = typename End::message_type;
    static constexpr bool in_place = requires(End & end) { end.try_loan(); };
    static constexpr bool sized_loans = requires(End & end, std::size_t size) { end.try_loan(size); };

public:
    /// Bytes of a body that one round carries.
    static constexpr std::size_t largest_part =
        message_type::max_size > header_size ? message_type::max_size - header_size : 0;

    /// Sends a round whose part of `size` bytes `fill(room)` writes. False if there was no room until the deadline.
    template <class Fill>
    [[nodiscard]] bool write(End& end, const round_header& header, std::size_t size, Fill fill, os::deadline until) {
        if constexpr (in_place) {
            auto slot = loan(end, header_size + size, until);
            if (!slot) {
                return false;
            }
            compose(slot->room(), header, size, fill);
            slot->resize(header_size + size);
            return deliver(end, *slot, until);
        } else {
            auto& content = buffer();
            content.resize(header_size + size);
            compose(content, header, size, fill);
            return end.send_by(content, until);
        }
    }

    /// Sends a round without a part, if that is possible at once. Does not throw, and makes nothing of it if it fails.
    void try_write(End& end, const round_header& header) noexcept {
        std::error_code ignored;
        channel_detail::reported(ignored, [&] {
            buffer().assign(std::as_bytes(std::span{&header, 1}));
            return end.try_send(buffer());
        });
    }

private:
    template <class Fill>
    static void compose(std::span<std::byte> room, const round_header& header, std::size_t size, Fill fill) {
        std::memcpy(room.data(), &header, header_size);
        if (size != 0) {
            fill(room.subspan(header_size, size));
        }
    }

    [[nodiscard]] static auto loan(End& end, std::size_t size, os::deadline until) {
        if constexpr (sized_loans) {
            return end.loan_by(until, size);
        } else {
            return end.loan_by(until);
        }
    }

    /// As `send` of a loan, with a deadline. Where the slot is a place in the link it always goes.
    [[nodiscard]] static bool deliver(End& end, typename End::loan_type& slot, os::deadline until) {
        auto& core = end.core();
        if constexpr (std::is_void_v<decltype(core.sender().send_loan(core.context(), until))>) {
            core.sender().send_loan(core.context(), until);
        } else if (!core.sender().send_loan(core.context(), until)) {
            return false;
        }
        static_cast<void>(slot.surrender());
        return true;
    }

    [[nodiscard]] message_type& buffer() {
        if (buffer_ == nullptr) {
            buffer_ = std::make_unique<message_type>();
        }
        return *buffer_;
    }

    std::unique_ptr<message_type> buffer_;  // may be too large for a stack
};

/// Reads messages from an end: a link, or what else has `receiving`. Holds the last one until the next, or `release`.
template <class End>
class round_reader {
    using message_type = typename End::message_type;
    static constexpr bool in_place = requires(End & end) { end.try_take(); };

    template <bool InPlace, class Reader>
    struct holding {
        using type = std::optional<typename Reader::held_type>;
    };
    template <class Reader>
    struct holding<false, Reader> {
        using type = std::unique_ptr<std::optional<message_type>>;  // may be too large for a stack
    };

public:
    /// Waits for the next message; whether one came until the deadline.
    [[nodiscard]] bool wait(End& end, os::deadline until) {
        release();
        if constexpr (in_place) {
            held_ = end.take_by(until);
            return held_.has_value();
        } else {
            return keep([&] { return end.receive_by(until); });
        }
    }

    /// Whether a message is there at once.
    [[nodiscard]] bool attempt(End& end) {
        release();
        if constexpr (in_place) {
            held_ = end.try_take();
            return held_.has_value();
        } else {
            return keep([&] { return end.try_receive(); });
        }
    }

    /// The message in hand. Throws `errc::corrupt` if a peer wrote an impossible length.
    [[nodiscard]] std::span<const std::byte> content() const {
        if constexpr (in_place) {
            return held_->content();
        } else {
            return **held_;
        }
    }

    void release() noexcept { held_.reset(); }

private:
    template <class Get>
    [[nodiscard]] bool keep(Get get) {
        held_.reset(new std::optional<message_type>(get()));  // made where it stays
        return held_->has_value();
    }

    typename holding<in_place, End>::type held_;
};

}  // namespace parley::rounds_detail
