#pragma once

#include <cstddef>

#include <parley/message/frame.hpp>
#include <parley/message/wire.hpp>

/// How messages become units of a queue object (transport/queue/object.hpp).

namespace parley::transport::queue {

/// Bytes of a message that one unit of an object carries: all but the header.
template <class Object>
inline constexpr std::size_t payload_of = Object::unit - message::frame_header_size;

/// Over how many units of an object a message travels at most, and how many bytes that takes.
template <class Message, class Object>
inline constexpr std::size_t units_of =
    (message::wire<Message>::capacity + payload_of<Object> - 1) / payload_of<Object>;
template <class Message, class Object>
inline constexpr std::size_t bytes_of =
    units_of<Message, Object> == 1 ? message::frame_header_size + message::wire<Message>::capacity
                                   : units_of<Message, Object>* Object::unit;

}  // namespace parley::transport::queue
