#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <type_traits>

#include <parley/message/text.hpp>
#include <parley/message/wire.hpp>
#include <parley/payload/bundled_pools.hpp>
#include <parley/payload/concept.hpp>
#include <parley/payload/connection_endpoint.hpp>
#include <parley/payload/connection_link.hpp>
#include <parley/payload/copy.hpp>
#include <parley/payload/map.hpp>
#include <parley/payload/small_or_reference.hpp>
#include <parley/payload/staying.hpp>
#include <parley/pool/block.hpp>
#include <parley/pool/one_segment.hpp>

namespace parley {

namespace payload {

/// What a threshold is where nobody measured (payload/measure_crossover.hpp): over the kernel the two curves cross
/// between 1 and 16 KiB. In memory a block is as good as a place in the ring from 1 KiB on, within a few hundredths,
/// and a larger threshold would be paid for by every slot: `bounded<1024>` with 16 KiB takes 16 MiB.
inline constexpr std::size_t natural_threshold = 2048;

/// Of messages of one size, all travel or all stay.
template <class Message, std::size_t Threshold>
struct adapted {
    using wire = message::wire<Message>;
    static constexpr bool copies = wire::fixed_size && wire::capacity <= Threshold;
    static constexpr bool maps = wire::fixed_size && !copies;

    /// What is written ahead of the bytes that count: their length, and of a variant which alternative they are.
    static constexpr std::size_t ahead = [] {
        if constexpr (requires { wire::body; }) {
            return wire::body + message::wire_detail::header_size;
        } else {
            return message::wire_detail::header_size;
        }
    }();
    /// The largest slot of a message that travels.
    static constexpr std::size_t room = message::wire_detail::round_up(
        Threshold < wire::capacity ? std::min(Threshold + ahead, wire::capacity) : wire::capacity,
        message::wire_detail::header_size);
    using travelling =
        std::conditional_t<copies, Message,
                           std::conditional_t<maps, pool::block_reference, small_or_reference<Message, room>>>;
};

}  // namespace payload

/// Small messages travel as with `copy`; larger ones stay where they are written, as with `map`. `Threshold`: bytes of
/// the largest that travels, as `send` finds it, and as `loan(size)` is asked for.
///
/// For messages whose size is only known at run time. Of a type of fixed size all messages travel, or all stay. Every
/// place in the link has room for a small message: with `bounded<N>` that is N times the threshold. In memory small
/// messages are loaned and taken as with `copy`: a loan of `loan(size)` is a place in the link already.
template <std::size_t Threshold = payload::natural_threshold>
struct adaptive {
    using axis = payload_axis;
    using segments = one_segment;
    static constexpr auto name = "adaptive<" + decimal<Threshold> + ">";
    static constexpr bool stays = true;
    static constexpr bool names_blocks = false;
    static constexpr std::size_t reference_size = sizeof(pool::block_reference);

    template <class Message>
    using travelling = typename payload::adapted<Message, Threshold>::travelling;

private:
    struct by_size {
        template <class C>
        using sending_end = payload::staying_sending_end<C, travelling<typename C::message>>;
        template <class C>
        using receiving_end = payload::staying_receiving_end<C, travelling<typename C::message>>;
        template <class C>
        using link_end = payload::link_end_for<C, travelling<typename C::message>>;
        template <class C>
        using endpoint = payload::endpoint_for<C, travelling<typename C::message>>;
        template <class C>
        [[nodiscard]] static auto pair(std::uint64_t pool_size) {
            return payload::bundled_pools<C>::template pair<travelling<typename C::message>>(pool_size);
        }
    };
    template <class C>
    using how = std::conditional_t<payload::adapted<typename C::message, Threshold>::copies, copy, by_size>;

public:
    template <class C>
    using sending_end = typename how<C>::template sending_end<C>;
    template <class C>
    using receiving_end = typename how<C>::template receiving_end<C>;
    template <class C>
    using link_end = typename how<C>::template link_end<C>;
    template <class C>
    using endpoint = typename how<C>::template endpoint<C>;

    /// The two ends of a channel without a name, each as one descriptor. `pool_size` as in `options`.
    template <class C>
    [[nodiscard]] static auto pair(std::uint64_t pool_size) {
        return how<C>::template pair<C>(pool_size);
    }
};

}  // namespace parley
