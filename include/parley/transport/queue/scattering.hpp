#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstring>
#include <memory>
#include <optional>
#include <span>

#include <sys/uio.h>

#include <parley/message/frame.hpp>
#include <parley/transport/queue/units.hpp>

namespace parley::transport::queue {

/// The counterpart of `put_gathered`: one call takes many parts of a message out of the object, their headers to here
/// and their bytes to where they belong in the message, of at most `Capacity` bytes in `Places` parts. Each part has
/// its place there, one after the other; what of a unit has no room in the last one comes to lie here too, for it may
/// be the first part of another message, whose sender follows a dead one.
template <class Object, std::size_t Places, std::size_t Capacity>
class scattering {
    using header = message::frame_header;

    static constexpr std::size_t payload = payload_of<Object>;

public:
    /// Takes units out to the places from `first` on, at most `count`; how many bytes, or none if there is nothing.
    [[nodiscard]] std::optional<std::size_t> get(Object& object, std::byte* message, std::size_t first,
                                                 std::size_t count) {
        std::size_t pieces = 0;
        for (std::size_t place = first; place < first + std::min(count, most_at_once); ++place) {
            const auto room = room_of(place);
            pieces_[pieces++] = {&headers_[place], sizeof(header)};
            pieces_[pieces++] = {message + place * payload, room};
            if (room != payload) {
                pieces_[pieces++] = {rest_.data(), payload - room};
            }
        }
        return object.get(std::span<const ::iovec>(pieces_.get(), pieces));
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

    std::unique_ptr<header[]> headers_ = std::make_unique<header[]>(Places);
    std::unique_ptr<::iovec[]> pieces_ = std::make_unique<::iovec[]>(2 * std::min(Places, most_at_once) + 1);
    std::array<std::byte, payload> rest_;
};

}  // namespace parley::transport::queue
