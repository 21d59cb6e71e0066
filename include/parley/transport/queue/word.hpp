#pragma once

#include <parley/buffering/bounded.hpp>
#include <parley/transport/memory/mailbox_end.hpp>
#include <parley/transport/memory/word.hpp>
#include <parley/transport/queue/raw_end.hpp>
#include <parley/transport/queue/selector.hpp>

namespace parley::transport::queue {

/// What every transport word over queue objects with names gives to a channel `C`: the links, as of memory, with their
/// messages in objects of the kind `Object` under `Names`; and with `raw` ends on objects of the kind `Raw` alone.
template <class Object, class Names, class Raw>
struct word : memory::word<books<Object, Names>> {
    using backing = books<Object, Names>;

    /// As many as the kernel gives to everybody. A message larger than a unit travels in parts, and each takes up a
    /// place.
    template <class Message>
    using natural_buffering = bounded<Object::template natural_capacity<Message>>;

    template <class C>
    using sending_end = framed_or_raw<C, memory::mailbox_end<C, backing, true>, Raw, true>;
    template <class C>
    using receiving_end = framed_or_raw<C, memory::mailbox_end<C, backing, false>, Raw, false>;
};

}  // namespace parley::transport::queue
