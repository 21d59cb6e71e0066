#pragma once

#include <concepts>
#include <string_view>

/// The axis of transports: what carries the messages.
///
/// A transport word
/// - says `using axis = transport_axis` and has a `name`;
/// - has `capabilities`, which say what it can do: rules compare these and never ask for a transport by name;
/// - has a `natural_lifetime`, which a composition gets when it names no lifetime.

namespace parley {

struct shm;             // transport/shm.hpp: the default
struct owner_lifetime;  // lifetime/: the words that a transport names as its natural lifetime
struct kernel_lifetime;
struct filesystem_lifetime;

namespace transport {

/// What a transport gives. Everything is false until a transport claims it.
struct capabilities {
    bool named = false;               ///< processes that share nothing but a name find each other through it
    bool survives_processes = false;  ///< the object and what is in it can stay when no process holds it
    bool survives_reboot = false;     ///< the object and what is in it are on a disk, and there after a reboot
    bool many_senders = false;        ///< several processes may send into one link at a time
    bool many_receivers = false;    ///< several processes may receive from one link, each message going to one of them
    bool duplex = false;            ///< one object carries both directions
    bool keeps_boundaries = false;  ///< what one send put in, one receive takes out
    bool in_place = false;          ///< messages can be written and read where they travel: loan() and take()
    bool ordered = false;           ///< messages of one sender arrive in the order in which it sent them
    bool lossless = false;          ///< what was accepted arrives, as long as the processes live
    bool redelivers = false;        ///< a message in the hands of a receiver that dies can be given to another
};

}  // namespace transport

struct transport_axis;

/// The contract of a transport word as the composition sees it.
template <class Word>
concept transport_word = std::same_as<typename Word::axis, transport_axis> && requires {
    std::string_view{Word::name};
    typename Word::natural_lifetime;
    { Word::capabilities } -> std::same_as<const transport::capabilities&>;
};

struct transport_axis {
    static constexpr std::string_view name = "transport";

    template <class Word>
    static constexpr bool accepts = transport_word<Word>;

    template <class Chosen>
    using fallback = shm;
};

}  // namespace parley
