#pragma once

#include <cstddef>

#include <parley/message/frame.hpp>
#include <parley/message/kind.hpp>
#include <parley/message/wire.hpp>

/// How large a message is on its way through the kernel.

namespace parley::message {

namespace transit_detail {

template <class Message>
[[nodiscard]] constexpr std::size_t bare_size() {
    if constexpr (byte_string<Message>) {
        return Message::max_size;
    } else {
        return wire<Message>::capacity;
    }
}

}  // namespace transit_detail

/// The largest message: `Bare`, its bytes alone; else with the header before it.
template <class Message, bool Bare>
inline constexpr std::size_t size_in_transit = Bare ? transit_detail::bare_size<Message>()
                                                    : frame_header_size + wire<Message>::capacity;

}  // namespace parley::message
