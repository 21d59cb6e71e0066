#pragma once

#include <concepts>
#include <cstddef>
#include <limits>
#include <string_view>

/// The axis of transports: what carries the messages.
///
/// A transport word
/// - says `using axis = transport_axis` and has a `name`;
/// - has `capabilities`, which say what it can do: rules compare these and never ask for a transport by name;
/// - has a `natural_lifetime`, which a composition gets when it names no lifetime;
/// - may have `raw_capabilities`, where it can do something else with `raw`;
/// - may have a `natural_buffering<Message>`, for a composition that names no buffering: what the kernel always gives
/// an
///   unprivileged process. Else that is `bounded<1024>`.

namespace parley {

struct shm;             // transport/shm.hpp: the default
struct owner_lifetime;  // lifetime/: the words that a transport names as its natural lifetime
struct kernel_lifetime;
struct filesystem_lifetime;

namespace transport {

/// Which ways one object of the kernel carries messages.
enum class directions {
    simplex,      ///< from one side to the other: a pipe
    half_duplex,  ///< whoever holds it may put in and take out: a queue
    duplex        ///< both ways at the same time: a socket, or memory
};

/// No limit of the transport's own: memory is the limit.
inline constexpr std::size_t any_size = std::numeric_limits<std::size_t>::max();

/// What a transport gives. Nothing is given until a transport claims it. From here come the rules of composition
/// (compose/rules.hpp), the table in the documentation (tests/docs/), and which cases of conformance apply.
struct capabilities {
    bool named = false;               ///< processes that share nothing but a name find each other through it
    bool per_user = false;            ///< a name that is no path means an object of this user alone
    bool pairs = false;               ///< `channel::pair()` makes both ends at once, without a name
    bool survives_processes = false;  ///< the object and what is in it can stay when no process holds it
    bool survives_reboot = false;     ///< the object and what is in it are on a disk, and there after a reboot
    bool many_senders = false;        ///< several processes may send into one link at a time
    bool many_receivers = false;  ///< several processes may receive from one link, each message going to one of them
    bool takes_turns = false;     ///< a mailbox can pick the receiver: `round_robin`, `exclusive`
    bool connected = false;       ///< each sender has a link of its own to the receiver, with a capacity of its own
    bool passes_descriptors = false;  ///< a connection can bring memory along that ends with it
    bool keeps_boundaries = false;    ///< what one send put in, one receive takes out, by the kernel's own doing
    bool in_place = false;            ///< messages can be written and read where they travel: loan() and take()
    bool ordered = false;             ///< messages of one sender arrive in the order in which it sent them
    bool lossless = false;            ///< what was accepted arrives, as long as the processes live
    bool redelivers = false;          ///< a message in the hands of a receiver that dies can be given to another
    bool rendezvous = false;          ///< a sender can learn that a receiver has committed to take its message: `zero`
    bool exact_capacity = false;      ///< the kernel's own object holds exactly as many messages as it is told to
    bool powers_of_two = false;       ///< and that number is a power of two
    bool kernel_buffer = false;       ///< the kernel has a buffer of its own measure: `bounded_by_kernel`
    bool priorities = false;          ///< the kernel delivers messages of higher priority first
    bool selects_by_type = false;     ///< the kernel lets a receiver ask for messages of one type
    bool crosses_machines = false;    ///< the two sides may be on two machines
    bool pollable = false;  ///< `native_handle()` is a descriptor that poll(2), select(2) and epoll(7) wait on
    bool raw = false;       ///< it can speak with programs that know nothing of parley: `raw`
    bool splits = false;    ///< a message larger than a unit travels in parts, if its link has one sender
    bool headless = false;  ///< nothing travels beside a message, which has a fixed size
    /// which ways one object of the kernel carries messages
    directions direction = directions::simplex;  ///< which ways one object of the kernel carries messages
    std::size_t largest_unit = any_size;         ///< bytes that travel as one, parley's own header included
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

/// The axis: what carries the messages.
struct transport_axis {
    static constexpr std::string_view name = "transport";

    template <class Word>
    static constexpr bool accepts = transport_word<Word>;

    template <class Chosen>
    using fallback = shm;
};

}  // namespace parley
