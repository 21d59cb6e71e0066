#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstring>
#include <optional>
#include <span>
#include <vector>

#include <sys/uio.h>

#include <parley/message/frame.hpp>

namespace parley::transport::queue {

/// The counterpart of `gathering`: one call takes many parts of a message out of the object, their headers to here and
/// their bytes to where they belong in the message, of at most `Capacity` bytes. Each part has its place there, one
/// after the other; what of a unit has no room in the last one comes to lie here too, for it may be the first part of
/// another message, whose sender follows a dead one.
template <class Object, std::size_t Capacity>
class scattering {
    using header = message::frame_header;

public:
    static constexpr std::size_t payload = Object::unit - message::frame_header_size;

    /// Takes units out to the places from `first` on, at most `count`; how many bytes, or none if there is nothing.
    [[nodiscard]] std::optional<std::size_t> get(Object& object, std::byte* message, std::size_t first,
                                                 std::size_t count) {
        count = std::min(count, most_at_once);
        if (headers_.size() < first + count) {
            headers_.resize(first + count);
        }
        pieces_.clear();
        for (std::size_t place = first; place < first + count; ++place) {
            const auto room = room_of(place);
            pieces_.push_back({&headers_[place], sizeof(header)});
            pieces_.push_back({message + place * payload, room});
            if (room != payload) {
                pieces_.push_back({rest_.data(), payload - room});
            }
        }
        return object.get(pieces_);
    }

    /// The header of the unit that came to that place.
    [[nodiscard]] const header& at(std::size_t place) const noexcept { return headers_[place]; }

    /// Moves the bytes of a unit to an earlier place than it came to.
    void move(std::byte* message, std::size_t from, std::size_t to) noexcept {
        const auto room = room_of(from);
        std::memmove(message + to * payload, message + from * payload, room);
        std::memcpy(message + to * payload + room, rest_.data(), payload - room);
    }

private:
    static constexpr std::size_t most_at_once = 256;  // each takes two pieces, and one call has at most IOV_MAX: 1024

    [[nodiscard]] static constexpr std::size_t room_of(std::size_t place) noexcept {
        return std::min(payload, Capacity - std::min(Capacity, place * payload));
    }

    std::vector<header> headers_;
    std::vector<::iovec> pieces_;
    std::array<std::byte, payload> rest_;
};

}  // namespace parley::transport::queue
