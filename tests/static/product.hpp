#pragma once

#include <cstddef>
#include <type_traits>

#include <parley/parley.hpp>

/// The full product of all words of all axes: what compiles, held against a predicate that is written here a second
/// time, from the meaning of the words and with nothing of the library's rules. One file per transport, because
/// compilers take their time over some thousands of compositions.

namespace product {

// What the predicate knows of a word, in the test's own terms.
enum class talkers { pair, port, mailbox };
enum class who_is_next { whoever_asks, somebody_picked };
enum class death { loses, redelivers };
enum class room { none, power_of_two, other_number, endless, as_the_kernel_has };
enum class stay { as_it_likes, owner, kernel, disk };
enum class speech { own, foreign };
enum class bytes { travel, stay };

struct talk {
    talkers who;
    who_is_next next = who_is_next::whoever_asks;
    death when_a_receiver_dies = death::loses;
};

/// What the predicate knows of a transport: what its manual page says. Each file product_*.cpp says it of its own.
struct carrier {
    stay longest = stay::owner;  ///< how long it and what is in it can stay
    bool many_writers = true;
    bool many_readers = false;  ///< several may read from one, and each message goes to one of them
    bool picks = false;         ///< it can be kept from giving a message to whoever asks first
    bool remembers = false;     ///< what a reader has taken is still there, should he die
    bool tells_of_readers = false;
    bool loses = false;
    bool told_a_number = false;  ///< its own object holds as many messages as it is told to
    bool in_pages = false;       ///< and they are pages, of which a pipe has 1, 2, 4, ...
    bool own_measure = false;    ///< it has a buffer, and how much that holds is its own affair
    bool understood = false;     ///< programs speak with it that know nothing of parley
    bool has_name = true;        ///< processes that have nothing in common find it
    bool may_lead_away = false;  ///< to another machine
    bool narrow = false;         ///< it carries a number and nothing larger
};

/// Shared memory, in which parley does everything by itself.
inline constexpr carrier memory{
    .many_readers = true, .picks = true, .remembers = true, .tells_of_readers = true, .told_a_number = true};

/// A word and what the predicate knows of it.
template <class Word, auto Meaning>
struct means {
    using word = Word;
    static constexpr auto meaning = Meaning;
};

template <class... Words>
struct words {};

struct unsaid;  // no word of this axis among the policies

/// Each word of each axis, for transports in memory.
struct every_word {
    using addressings = words<means<parley::direct, talk{talkers::pair}>,  //
                              means<parley::port, talk{talkers::port}>,    //
                              means<parley::mailbox_by<parley::any, parley::at_most_once>, talk{talkers::mailbox}>,
                              means<parley::mailbox_by<parley::any, parley::at_least_once>,
                                    talk{talkers::mailbox, who_is_next::whoever_asks, death::redelivers}>,
                              means<parley::mailbox_by<parley::round_robin, parley::at_most_once>,
                                    talk{talkers::mailbox, who_is_next::somebody_picked}>,
                              means<parley::mailbox_by<parley::round_robin, parley::at_least_once>,
                                    talk{talkers::mailbox, who_is_next::somebody_picked, death::redelivers}>,
                              means<parley::mailbox_by<parley::exclusive, parley::at_most_once>,
                                    talk{talkers::mailbox, who_is_next::somebody_picked}>,
                              means<parley::mailbox_by<parley::exclusive, parley::at_least_once>,
                                    talk{talkers::mailbox, who_is_next::somebody_picked, death::redelivers}>>;
    /// Whether a side waits.
    using sides =
        words<means<parley::nonblocking, false>, means<parley::blocking_on<parley::spin>, true>,
              means<parley::blocking_on<parley::condvar>, true>, means<parley::blocking_on<parley::futex>, true>>;
    using bufferings = words<means<parley::zero, room::none>, means<parley::bounded<1>, room::power_of_two>,
                             means<parley::bounded<1024>, room::power_of_two>, means<parley::unbounded, room::endless>,
                             means<parley::bounded_by_kernel, room::as_the_kernel_has>>;
    using lifetimes =
        words<means<unsaid, stay::as_it_likes>, means<parley::owner_lifetime, stay::owner>,
              means<parley::kernel_lifetime, stay::kernel>, means<parley::filesystem_lifetime, stay::disk>>;
    using framings = words<means<unsaid, speech::own>>;
    using payloads = words<means<unsaid, bytes::travel>>;
};

/// For transports in the kernel, where it is all one how a side waits and what else a mailbox should do that they
/// cannot; but there is framing, and numbers are not all alike.
struct words_for_the_kernel : every_word {
    using addressings =
        words<means<parley::direct, talk{talkers::pair}>,  //
              means<parley::port, talk{talkers::port}>,    //
              means<parley::mailbox, talk{talkers::mailbox}>,
              means<parley::mailbox_by<parley::at_least_once>,
                    talk{talkers::mailbox, who_is_next::whoever_asks, death::redelivers}>,
              means<parley::mailbox_by<parley::round_robin>, talk{talkers::mailbox, who_is_next::somebody_picked}>,
              means<parley::mailbox_by<parley::exclusive>, talk{talkers::mailbox, who_is_next::somebody_picked}>>;
    using sides = words<means<parley::nonblocking, false>, means<parley::blocking, true>>;
    using bufferings =
        words<means<parley::zero, room::none>, means<parley::bounded<1>, room::power_of_two>,
              means<parley::bounded<10>, room::other_number>, means<parley::bounded<16>, room::power_of_two>,
              means<parley::unbounded, room::endless>, means<parley::bounded_by_kernel, room::as_the_kernel_has>>;
    using framings = words<means<unsaid, speech::own>, means<parley::raw, speech::foreign>>;
};

/// For messages that stay in a pool. How a side waits and how large a buffer is have nothing to do with that.
template <class Lists>
struct where_bytes_stay : Lists {
    using sides = words<means<parley::nonblocking, false>, means<parley::blocking, true>>;
    using bufferings = words<means<parley::zero, room::none>, means<parley::bounded<1>, room::power_of_two>,
                             means<parley::unbounded, room::endless>>;
    using payloads = words<means<parley::map, bytes::stay>>;
};

// What makes sense, question by question.

constexpr bool can_talk(carrier carried, talk talking) {
    if (talking.who != talkers::pair && !carried.many_writers)
        return false;
    if (talking.who == talkers::mailbox && !carried.many_readers)
        return false;
    if (talking.next == who_is_next::somebody_picked && !carried.picks)
        return false;
    return talking.when_a_receiver_dies == death::loses || carried.remembers;
}

constexpr bool has_room(carrier carried, talk talking, bool somebody_waits, room between) {
    switch (between) {
        case room::none:
            // Hand to hand: somebody must stretch out a hand and keep it there, the other must be able to see it, and
            // nothing is left to hand on.
            return somebody_waits && carried.tells_of_readers && talking.when_a_receiver_dies == death::loses;
        case room::power_of_two:
            return true;
        case room::other_number:
            return !carried.in_pages;
        case room::endless:
            return !carried.loses;
        case room::as_the_kernel_has:
            return carried.own_measure;
    }
    return false;
}

constexpr bool can_stay(carrier carried, talk talking, stay staying) {
    // A port goes with its owner; a file does not go with the kernel, and memory does not stay after it.
    return staying == stay::owner || staying == stay::as_it_likes ||
           (talking.who != talkers::port && staying == carried.longest);
}

constexpr bool is_understood(carrier carried, talk talking, room between, speech speaking) {
    if (speaking == speech::own)
        return true;
    // Who knows nothing of parley gives no name, no answer and no receipt.
    if (!carried.understood || talking.who == talkers::pair || between == room::none)
        return false;
    return between == room::endless || between == room::as_the_kernel_has || carried.told_a_number;
}

constexpr bool has_place_for_pool(carrier carried, talk talking, stay staying, speech speaking, bytes content) {
    if (content == bytes::travel)
        return true;
    // A place in this machine's memory, which both sides find by a name that travels or that they know, or which they
    // have been given; for as long as the link is there, and the memory cannot outlast the machine's next start.
    if (carried.may_lead_away || carried.narrow || speaking == speech::foreign)
        return false;
    if (talking.who == talkers::port || !carried.has_name)
        return true;
    if (talking.who == talkers::pair &&
        (staying == stay::owner || (staying == stay::as_it_likes && carried.longest == stay::owner)))
        return true;
    return staying == stay::kernel || (staying == stay::as_it_likes && carried.longest == stay::kernel);
}

struct tally {
    std::size_t all = 0;
    std::size_t compile = 0;
    std::size_t disagree = 0;  ///< the rules and the predicate say different things

    constexpr void count(bool compiles, bool sensible) {
        ++all;
        if (compiles)
            ++compile;
        if (compiles != sensible)
            ++disagree;
    }
};

/// The words of a composition so far. A word that is unsaid is left out.
template <class... Words>
struct said {
    template <class Word>
    using and_then = std::conditional_t<std::is_same_v<Word, unsaid>, said<Words...>, said<Words..., Word>>;
    static constexpr bool compiles() { return parley::composable<int, Words...>; }
};

/// What a transport is for parley's own messages, and what for the bare ones of `raw`.
struct carriers {
    carrier own;
    carrier bare;

    constexpr carrier operator[](speech speaking) const { return speaking == speech::own ? own : bare; }
};

template <class Said, class Addressing, bool SomebodyWaits, class Buffering, class Payload, class... Lifetimes,
          class... Framings>
constexpr void count_lifetimes(tally& result, carriers carried, words<Payload>, words<Lifetimes...>,
                               words<Framings...>) {
    constexpr auto talking = Addressing::meaning;
    constexpr auto between = Buffering::meaning;
    const auto with = [&]<class Lifetime, class Framing>(Lifetime, Framing) {
        using composed = typename Said::template and_then<typename Lifetime::word>  //
            ::template and_then<typename Framing::word>::template and_then<typename Payload::word>;
        const auto by = carried[Framing::meaning];
        result.count(composed::compiles(),
                     can_talk(by, talking) && has_room(by, talking, SomebodyWaits, between) &&
                         can_stay(by, talking, Lifetime::meaning) &&
                         is_understood(by, talking, between, Framing::meaning) &&
                         has_place_for_pool(by, talking, Lifetime::meaning, Framing::meaning, Payload::meaning));
    };
    const auto with_lifetime = [&](auto lifetime) { (with(lifetime, Framings{}), ...); };
    (with_lifetime(Lifetimes{}), ...);
}

template <class Lists, class Transport, class Addressing, class Sender, class Receiver, class... Bufferings>
constexpr void count_bufferings(tally& result, carriers carried, words<Bufferings...>) {
    using synchronization = parley::sync<typename Sender::word, typename Receiver::word>;
    (count_lifetimes < said<Transport, typename Addressing::word, synchronization, typename Bufferings::word>,
     Addressing, Sender::meaning || Receiver::meaning,
     Bufferings >
         (result, carried, typename Lists::payloads{}, typename Lists::lifetimes{}, typename Lists::framings{}),
     ...);
}

template <class Lists, class Transport, class Addressing, class... Sides>
constexpr void count_sides(tally& result, carriers carried, words<Sides...>) {
    const auto with_sender = [&]<class Sender>(Sender) {
        (count_bufferings<Lists, Transport, Addressing, Sender, Sides>(result, carried, typename Lists::bufferings{}),
         ...);
    };
    (with_sender(Sides{}), ...);
}

template <class Lists, class Transport, class... Addressings>
constexpr tally count_addressings(carriers carried, words<Addressings...>) {
    tally result;
    (count_sides<Lists, Transport, Addressings>(result, carried, typename Lists::sides{}), ...);
    return result;
}

/// All compositions on a transport, of all the words in `Lists`.
template <class Transport, class Lists>
constexpr tally count(carrier own, carrier bare) {
    return count_addressings<Lists, Transport>({own, bare}, typename Lists::addressings{});
}

template <class Transport, class Lists>
constexpr tally count(carrier alike) {
    return count<Transport, Lists>(alike, alike);
}

/// How many of the 8 addressings x 16 pairs of sides x 5 bufferings x 4 lifetimes compile on each transport in memory.
/// By hand, with 16 x 3 + 15 = 63 pairs of sides and buffering where a rendezvous is possible, and 48 where it is not:
/// (direct and 3 mailboxes) x 63 x lifetimes + port x 63 x 2 + 3 mailboxes that redeliver x 48 x lifetimes,
/// with 3 lifetimes where the transport has one of its own beside its owner's, and 2 where it has not.
inline constexpr std::size_t all_in_memory = 8 * 16 * 5 * 4;
inline constexpr std::size_t compile_on_shm = 4 * 63 * 3 + 63 * 2 + 3 * 48 * 3;
inline constexpr std::size_t compile_on_sysv_shm = compile_on_shm;
inline constexpr std::size_t compile_on_mapped_file = compile_on_shm;
inline constexpr std::size_t compile_on_anonymous_shm = 4 * 63 * 2 + 63 * 2 + 3 * 48 * 2;

/// How many of the 6 addressings x 4 pairs of sides x 6 bufferings x 4 lifetimes x 2 framings compile on each transport
/// in the kernel. By hand, with 3 pairs of sides for a rendezvous and 4 for each other buffering:
inline constexpr std::size_t all_in_kernel = 6 * 4 * 6 * 4 * 2;
/// (direct, mailbox) x (zero; three numbers, unbounded, bounded_by_kernel) x 3 lifetimes + port with the same x 2
/// lifetimes + raw: mailbox x (three numbers, unbounded, bounded_by_kernel) x 3 lifetimes + port with the same x 2;
inline constexpr std::size_t compile_on_mqueue = 2 * (3 + 5 * 4) * 3 + (3 + 5 * 4) * 2 + 5 * 4 * 3 + 5 * 4 * 2;
inline constexpr std::size_t compile_on_sysv_mqueue = compile_on_mqueue;
/// (direct, port, mailbox) x (zero; two numbers, unbounded, bounded_by_kernel) x 2 lifetimes
/// + raw: (port, mailbox) x (two numbers, unbounded, bounded_by_kernel) x 2 lifetimes;
inline constexpr std::size_t compile_on_fifo = 3 * (3 + 4 * 4) * 2 + 2 * 4 * 4 * 2;
/// (direct, port) x (zero; two numbers, unbounded) x 2 lifetimes;
inline constexpr std::size_t compile_on_pipe = 2 * (3 + 3 * 4) * 2;
/// direct x (three numbers, unbounded) x 2 lifetimes + raw: port x bounded_by_kernel x 2 lifetimes;
inline constexpr std::size_t compile_on_rt_signal = 4 * 4 * 2 + 4 * 2;
/// (direct, port) x (zero; three numbers, unbounded, bounded_by_kernel) x 2 lifetimes
/// + raw: port x (unbounded, bounded_by_kernel) x 2 lifetimes;
inline constexpr std::size_t compile_on_unix_stream = 2 * (3 + 5 * 4) * 2 + 2 * 4 * 2;
inline constexpr std::size_t compile_on_unix_seqpacket = compile_on_unix_stream;
inline constexpr std::size_t compile_on_tcp = compile_on_unix_stream;
/// the same without zero;
inline constexpr std::size_t compile_on_unix_datagram = 2 * 5 * 4 * 2 + 2 * 4 * 2;
/// and without unbounded.
inline constexpr std::size_t compile_on_udp = 2 * 4 * 4 * 2 + 4 * 2;

/// How many of the 4 pairs of sides x 3 bufferings x 4 lifetimes, with 8 addressings in memory, and with 6 addressings
/// and 2 framings in the kernel, compile with map. By hand, with 3 pairs of sides for a rendezvous, which a mailbox
/// that redelivers and a unix_datagram do not have, and 4 for each other buffering:
inline constexpr std::size_t all_mapped_in_memory = 8 * 4 * 3 * 4;
inline constexpr std::size_t all_mapped_in_kernel = 6 * 4 * 3 * 4 * 2;
/// port x (zero; two) x (unsaid, owner),
inline constexpr std::size_t mapped_on_ports = (3 + 2 * 4) * 2;
/// direct x (zero; two) for each lifetime,
inline constexpr std::size_t mapped_on_links = 3 + 2 * 4;
/// 3 mailboxes x (zero; two) x (unsaid, kernel) + 3 mailboxes that redeliver x two x the same; links have three
/// lifetimes, and over a file that of their owners alone.
inline constexpr std::size_t mapped_on_shm =
    mapped_on_ports + 3 * mapped_on_links + 3 * (3 + 2 * 4) * 2 + 3 * 2 * 4 * 2;
inline constexpr std::size_t mapped_on_sysv_shm = mapped_on_shm;
inline constexpr std::size_t mapped_on_mapped_file = mapped_on_ports + mapped_on_links;
/// Without a name: what goes with its processes, (direct, port, 3 mailboxes) x (zero; two) x (unsaid, owner)
/// + 3 mailboxes that redeliver x two x the same.
inline constexpr std::size_t mapped_on_anonymous_shm = 5 * (3 + 2 * 4) * 2 + 3 * 2 * 4 * 2;
/// mailbox x (zero; two) x (unsaid, kernel).
inline constexpr std::size_t mapped_on_mqueue = mapped_on_ports + 3 * mapped_on_links + (3 + 2 * 4) * 2;
inline constexpr std::size_t mapped_on_sysv_mqueue = mapped_on_mqueue;
/// What goes with its processes: links x (unsaid, owner).
inline constexpr std::size_t mapped_on_fifo = mapped_on_ports + 2 * mapped_on_links;
inline constexpr std::size_t mapped_on_pipe = mapped_on_fifo;
inline constexpr std::size_t mapped_on_rt_signal = 0;
inline constexpr std::size_t mapped_on_unix_stream = mapped_on_ports + 2 * mapped_on_links;
inline constexpr std::size_t mapped_on_unix_seqpacket = mapped_on_unix_stream;
inline constexpr std::size_t mapped_on_unix_datagram = 2 * (2 * 4 * 2);
inline constexpr std::size_t mapped_on_tcp = 0;
inline constexpr std::size_t mapped_on_udp = 0;

}  // namespace product
