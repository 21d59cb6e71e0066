#pragma once

#include <cstddef>

#include <parley/message/frame.hpp>
#include <parley/message/wire.hpp>

/// How messages become units of a queue object (transport/queue/object.hpp).

namespace parley::transport::queue {

/// Over how many units of an object a message travels at most, and how many bytes that takes.
template <class Message, class Object>
inline constexpr std::size_t units_of = (message::wire<Message>::capacity + Object::unit - message::frame_header_size -
                                         1) /
                                        (Object::unit - message::frame_header_size);
template <class Message, class Object>
inline constexpr std::size_t bytes_of =
    units_of<Message, Object> == 1 ? message::frame_header_size + message::wire<Message>::capacity
                                   : units_of<Message, Object>* Object::unit;

}  // namespace parley::transport::queue
