#pragma once

#include <cstddef>
#include <type_traits>

#include <parley/compose/axes.hpp>
#include <parley/compose/list.hpp>
#include <parley/lifetime/concept.hpp>
#include <parley/message/kind.hpp>
#include <parley/message/transit.hpp>
#include <parley/message/wire.hpp>
#include <parley/transport/concept.hpp>

/// What a composition states, as values: all that the rules (compose/rules.hpp) look at. The compiler makes a
/// composition into these once, and then compares numbers, rather than making each rule anew for each composition.

namespace parley::compose {

/// Of the type of its messages.
struct message_facts {
    bool is_address = false;           ///< a pointer or a reference
    bool is_object = false;            ///< apart from its qualifiers, a complete type of objects and no array
    bool is_unqualified = false;       ///< neither const nor volatile
    bool is_plain = false;             ///< both of these
    bool codecs_are_complete = false;  ///< those that it has
    bool can_travel = false;           ///< byte by byte, as a length and bytes, by a codec, or as one of such
    bool holds_address = false;        ///< a pointer or a reference, in what is copied byte by byte
    bool has_room = false;             ///< for at least one byte
    bool is_sendable = false;          ///< all of the above as they should be
    bool is_its_bytes = false;         ///< it is read again from its bytes alone
};

template <class Message>
inline constexpr message_facts facts_of_message{
    .is_address = std::is_pointer_v<Message> || std::is_member_pointer_v<Message> || std::is_reference_v<Message>,
    .is_object = message::object<std::remove_cv_t<Message>>,
    .is_unqualified = std::is_same_v<Message, std::remove_cv_t<Message>>,
    .is_plain = message::plain<Message>,
    .codecs_are_complete = message::codecs_complete<Message>,
    .can_travel = message::can_travel<Message>,
    .holds_address = message::sends_address<Message>,
    .has_room = message::has_room<Message>,
    .is_sendable = message::sendable<Message>,
    .is_its_bytes = message::trivial<Message> || message::byte_string<Message>,
};

/// Of all of it.
struct facts {
    // Of the policies as such.
    bool policies_are_words = false;
    bool words_are_sound = false;
    bool one_word_per_axis = false;
    bool mailbox_is_well_formed = false;
    bool sides_are_well_formed = false;

    message_facts message;

    // Of its words; each is explained where its axis is (concept.hpp in the folder of the axis).
    bool many_senders = false;
    bool many_receivers = false;
    bool owned = false;
    bool pairwise = false;
    bool takes_turns = false;
    bool one_at_a_time = false;
    bool redelivers = false;
    bool sender_waits = false;
    bool receiver_waits = false;
    bool rendezvous = false;
    std::size_t capacity = 0;
    lifetime::end until = lifetime::end::owner;
    bool foreign = false;
    bool stays = false;
    bool names_blocks = false;
    std::size_t reference_size = 0;

    /// What its transport can do, with the framing that it has.
    transport::capabilities can;

    /// Bytes of the largest message, or of what travels in its place, as it is written (message/wire.hpp); and as it
    /// travels: with a header, or with `raw` nothing but its bytes. 0 where there can be none.
    std::size_t size_as_written = 0;
    std::size_t size_in_transit = 0;
};

namespace facts_detail {

/// A word with arguments says whether they make sense; others do not need to.
template <class Word>
[[nodiscard]] constexpr bool is_well_formed() {
    if constexpr (requires { Word::well_formed; }) {
        return Word::well_formed;
    } else {
        return true;
    }
}

template <class... Policies>
[[nodiscard]] constexpr bool all_are_words(list<Policies...>) {
    return (word<Policies> && ...);
}

template <class Policy>
[[nodiscard]] constexpr bool is_sound() {
    if constexpr (word<Policy>) {
        return sound_word_of<Policy, typename Policy::axis>;
    } else {
        return true;
    }
}

template <class... Policies>
[[nodiscard]] constexpr bool all_are_sound(list<Policies...>) {
    return (is_sound<Policies>() && ...);
}

/// Which of the axes the policy says it is a word of; beyond the last, if none.
template <class Policy>
inline constexpr std::size_t number_of_axis = []<class... Axes>(list<Axes...>) {
    std::size_t number = 0;
    static_cast<void>(((word_of<Policy, Axes> || (++number, false)) || ...));
    return number;
}(axes{});

template <class... Policies>
[[nodiscard]] constexpr bool one_word_each(list<Policies...>) {
    std::size_t given[length<axes> + 1]{};
    (++given[number_of_axis<Policies>], ...);
    for (std::size_t axis = 0; axis < length<axes>; ++axis) {
        if (given[axis] > 1) {
            return false;
        }
    }
    return true;
}

template <class Transport, class Framing>
[[nodiscard]] constexpr transport::capabilities can() {
    if constexpr (Framing::foreign && requires { Transport::raw_capabilities; }) {
        return Transport::raw_capabilities;
    } else {
        return Transport::capabilities;
    }
}

template <class C>
[[nodiscard]] constexpr facts look_at() {
    using transport_word = typename C::template word<transport_axis>;
    using addressing = typename C::template word<addressing_axis>;
    using synchronization = typename C::template word<synchronization_axis>;
    using buffering_word = typename C::template word<buffering_axis>;
    using framing = typename C::template word<framing_axis>;
    using payload = typename C::template word<payload_axis>;
    facts result{
        .policies_are_words = all_are_words(typename C::policies{}),
        .words_are_sound = all_are_sound(typename C::policies{}),
        .one_word_per_axis = one_word_each(typename C::policies{}),
        .mailbox_is_well_formed = is_well_formed<addressing>(),
        .sides_are_well_formed = is_well_formed<synchronization>(),
        .message = facts_of_message<typename C::message>,
        .many_senders = static_cast<bool>(addressing::many_senders),
        .many_receivers = static_cast<bool>(addressing::many_receivers),
        .owned = static_cast<bool>(addressing::owned),
        .pairwise = static_cast<bool>(addressing::pairwise),
        .takes_turns = static_cast<bool>(addressing::selection::takes_turns),
        .one_at_a_time = static_cast<bool>(addressing::selection::one_at_a_time),
        .redelivers = static_cast<bool>(addressing::delivery::redelivers),
        .sender_waits = synchronization::sender_side::waits,
        .receiver_waits = synchronization::receiver_side::waits,
        .rendezvous = static_cast<bool>(buffering_word::rendezvous),
        .capacity = buffering_word::capacity,
        .until = C::template word<lifetime_axis>::until,
        .foreign = static_cast<bool>(framing::foreign),
        .stays = static_cast<bool>(payload::stays),
        .names_blocks = static_cast<bool>(payload::names_blocks),
        .reference_size = static_cast<std::size_t>(payload::reference_size),
        .can = can<transport_word, framing>(),
    };
    if constexpr (facts_of_message<typename C::message>.is_sendable) {
        using travelling = typename payload::template travelling<typename C::message>;
        result.size_as_written = message::wire<travelling>::capacity;
        result.size_in_transit = message::size_in_transit<travelling, framing::foreign>;
    }
    return result;
}

}  // namespace facts_detail

/// What a `composition` states. There is an answer for each of them, whatever the rules say about it.
template <class C>
inline constexpr facts facts_of = facts_detail::look_at<C>();

}  // namespace parley::compose
