#pragma once

#include <concepts>
#include <cstddef>
#include <string_view>

/// The axis of payloads: whether the bytes of a message travel, or stay where they were written while a reference to
/// them travels.
///
/// A payload word
/// - says `using axis = payload_axis` and has a `name`;
/// - says whether the bytes may stay in shared memory: `stays`; and if so, who stores the pool's blocks: `segments`
///   (pool/storage.hpp);
/// - says whether blocks of the pool have names of their own, and so the pool must have one: `names_blocks`;
/// - says how many bytes the reference has that travels in their place: `reference_size`, 0 if none does;
/// - has a `travelling<Message>`: the type that the transport carries in place of the message;
/// - has `sending_end<C>` and `receiving_end<C>`, `link_end<C>` and `endpoint<C>`: the transport's, or adaptors around
///   them;
/// - has `pair<C>(pool_size)`: the two ends of a channel without a name, each as one descriptor.

namespace parley {

struct copy;  // payload/copy.hpp: the default

struct payload_axis;

/// A word of this axis: has what the top of this file says.
template <class Word>
concept payload_word = std::same_as<typename Word::axis, payload_axis> && requires {
    std::string_view{Word::name};
    { Word::stays } -> std::convertible_to<bool>;
    { Word::names_blocks } -> std::convertible_to<bool>;
    { Word::reference_size } -> std::convertible_to<std::size_t>;
    typename Word::template travelling<int>;
};

/// The axis: whether the bytes of a message travel, or a reference to them.
struct payload_axis {
    static constexpr std::string_view name = "payload";

    template <class Word>
    static constexpr bool accepts = payload_word<Word>;

    template <class Chosen>
    using fallback = copy;
};

}  // namespace parley
