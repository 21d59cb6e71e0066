#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include <parley/message/text.hpp>
#include <parley/payload/bundled_pools.hpp>
#include <parley/payload/concept.hpp>
#include <parley/payload/connection_endpoint.hpp>
#include <parley/payload/connection_link.hpp>
#include <parley/payload/staying.hpp>
#include <parley/pool/block.hpp>
#include <parley/pool/many_segments.hpp>
#include <parley/pool/one_segment.hpp>
#include <parley/pool/storage.hpp>

namespace parley {

/// The bytes of a message stay in a pool of shared memory, where the sender wrote them and the receiver reads them; a
/// reference of 24 bytes travels. What `loan` and `take` hand over is never copied, whatever its size, over every
/// transport of this machine.
///
/// The pool grows up to `options::pool_size` as the first process asks for it; a send for which there is no block waits
/// or is refused as if the link were full.
///
/// `Segments`: who stores the blocks of the pool, `one_segment` or `many_segments`. Write the first as `map`.
template <pool::storage_word Segments>
struct map_by {
    using axis = payload_axis;
    using segments = Segments;
    static constexpr auto name = [] {
        if constexpr (Segments::implied) {
            return std::string_view("map");
        } else {
            return "map_by<" + name_of<Segments> + ">";
        }
    }();
    static constexpr bool stays = true;
    static constexpr bool names_blocks = Segments::names_blocks;
    static constexpr std::size_t reference_size = sizeof(pool::block_reference);

    template <class Message>
    using travelling = pool::block_reference;

    template <class C>
    using sending_end = payload::staying_sending_end<C, pool::block_reference>;
    template <class C>
    using receiving_end = payload::staying_receiving_end<C, pool::block_reference>;
    template <class C>
    using link_end = payload::link_end_for<C, pool::block_reference>;
    template <class C>
    using endpoint = payload::endpoint_for<C, pool::block_reference>;

    /// The two ends of a channel without a name, each as one descriptor. `pool_size` as in `options`.
    template <class C>
    [[nodiscard]] static auto pair(std::uint64_t pool_size) {
        return payload::bundled_pools<C>::template pair<pool::block_reference>(pool_size);
    }
};

/// Messages that stay in a pool of one segment.
using map = map_by<one_segment>;

}  // namespace parley
