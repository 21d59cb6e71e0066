#pragma once

#include <algorithm>
#include <array>
#include <climits>
#include <cstddef>
#include <cstdint>
#include <span>

#include <sys/uio.h>
#include <unistd.h>

#include <parley/message/frame.hpp>
#include <parley/os/crash_point.hpp>
#include <parley/transport/queue/units.hpp>

namespace parley::transport::queue {

namespace gathering_detail {

inline constexpr std::size_t most_at_once = 2;

/// The kernel cuts what one call writes into pages. Where those are larger than a unit, a call writes one. While it
/// writes it keeps the other side out: with two there are half as many calls as pages, and the other side begins to
/// read when the second page is there, not the last.
template <class Object>
[[nodiscard]] std::size_t parts_at_once() noexcept {
    return static_cast<std::size_t>(::sysconf(_SC_PAGESIZE)) == Object::unit ? most_at_once : 1;
}

}  // namespace gathering_detail

/// Puts a message of `first.parts` parts into the object, whether each is to be `Full` or not: the parts and their
/// headers, each from where it lies, as calls give them to the object (transport/queue/object.hpp). Whether all of it
/// had room.
template <bool Full, class Object>
[[nodiscard]] bool put_gathered(Object& object, const message::frame_header& first, const std::byte* bytes,
                                std::size_t size) {
    using header = message::frame_header;
    using gathering_detail::most_at_once;
    constexpr std::size_t payload = payload_of<Object>;
    static constexpr std::array<std::byte, Full ? payload : 0> nothing{};
    std::array<header, most_at_once> headers;
    std::array<::iovec, 2 * most_at_once + 1> pieces;
    const auto at_once = gathering_detail::parts_at_once<Object>();
    for (std::size_t part = 0; part < first.parts;) {
        std::size_t count = 0;
        std::size_t wanted = 0;
        const auto add = [&](const void* where, std::size_t length) {
            pieces[count++] = {const_cast<void*>(where), length};
            wanted += length;
        };
        for (const auto end = std::min<std::size_t>(first.parts, part + at_once); part < end; ++part) {
            const auto length = std::min(payload, size - part * payload);
            auto& head = headers[part % most_at_once] = first;
            head.part = static_cast<std::uint16_t>(part);
            head.length = static_cast<std::uint32_t>(length);
            add(&head, sizeof head);
            add(bytes + part * payload, length);
            if (Full && length != payload) {  // the last
                add(nothing.data(), payload - length);
            }
        }
        if (object.put(std::span<const ::iovec>(pieces).first(count)) != wanted) {
            return false;
        }
        if (part < first.parts) {
            PARLEY_CRASH_POINT("queue parts gathered: some sent");
        }
    }
    return true;
}

}  // namespace parley::transport::queue
