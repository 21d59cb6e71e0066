#pragma once

#include <cstddef>
#include <type_traits>

#include <parley/parley.hpp>

/// The full product of all words of all axes: what compiles, held against a predicate that is written here a second
/// time, from the meaning of the words and with nothing of the library's rules. One file per transport, because
/// compilers take their time over some thousands of compositions.

namespace product {

/// What the predicate knows of a word: its place in the lists below, under a name of the test's own.
enum class carrier { memory_with_a_name, file, memory_without_a_name };
enum class talkers { pair, port, mailbox };
enum class death { loses, redelivers };
enum class room { none, some };
enum class stay { unsaid, owner, kernel, disk };

struct talk {
    talkers who;
    death when_a_receiver_dies;
};

template <class... Words>
struct words {};

using addressings =
    words<parley::direct, parley::port,  //
          parley::mailbox_by<parley::any, parley::at_most_once>, parley::mailbox_by<parley::any, parley::at_least_once>,
          parley::mailbox_by<parley::round_robin, parley::at_most_once>,
          parley::mailbox_by<parley::round_robin, parley::at_least_once>,
          parley::mailbox_by<parley::exclusive, parley::at_most_once>,
          parley::mailbox_by<parley::exclusive, parley::at_least_once>>;
inline constexpr talk talk_of[] = {{talkers::pair, death::loses},    {talkers::port, death::loses},
                                   {talkers::mailbox, death::loses}, {talkers::mailbox, death::redelivers},
                                   {talkers::mailbox, death::loses}, {talkers::mailbox, death::redelivers},
                                   {talkers::mailbox, death::loses}, {talkers::mailbox, death::redelivers}};

using sides = words<parley::nonblocking, parley::blocking_on<parley::spin>, parley::blocking_on<parley::condvar>,
                    parley::blocking_on<parley::futex>>;
inline constexpr bool waits[] = {false, true, true, true};

using bufferings = words<parley::zero, parley::bounded<1>, parley::bounded<1024>, parley::unbounded>;
inline constexpr room room_of[] = {room::none, room::some, room::some, room::some};

struct unsaid;  // no lifetime among the policies
using lifetimes = words<unsaid, parley::owner_lifetime, parley::kernel_lifetime, parley::filesystem_lifetime>;
inline constexpr stay stay_of[] = {stay::unsaid, stay::owner, stay::kernel, stay::disk};

/// What makes sense.
constexpr bool makes_sense(carrier carried, talk talking, bool sender_waits, bool receiver_waits, room between,
                           stay staying) {
    if (between == room::none) {
        // Hand to hand: somebody must stretch out a hand and keep it there, and nothing is left to hand on.
        if (!sender_waits && !receiver_waits)
            return false;
        if (talking.when_a_receiver_dies == death::redelivers)
            return false;
    }
    switch (staying) {
        case stay::unsaid:
        case stay::owner:
            return true;
        case stay::kernel:
            return talking.who != talkers::port && carried == carrier::memory_with_a_name;
        case stay::disk:
            return talking.who != talkers::port && carried == carrier::file;
    }
    return false;
}

struct tally {
    std::size_t compile = 0;
    std::size_t refused = 0;
    std::size_t disagree = 0;  ///< the rules and the predicate say different things

    constexpr void count(bool compiles, bool sensible) {
        ++(compiles ? compile : refused);
        if (compiles != sensible)
            ++disagree;
    }
};

template <class Lifetime, class... Others>
constexpr bool compiles() {
    if constexpr (std::is_same_v<Lifetime, unsaid>) {
        return parley::composable<int, Others...>;
    } else {
        return parley::composable<int, Others..., Lifetime>;
    }
}

template <class Transport, class Addressing, class Sender, class Receiver, class... Bufferings, class... Lifetimes>
constexpr void count_rest(tally& result, carrier carried, talk talking, bool sender_waits, bool receiver_waits,
                          words<Bufferings...>, words<Lifetimes...>) {
    const auto with_buffering = [&]<class Buffering>(words<Buffering>, room between) {
        std::size_t l = 0;
        (result.count(compiles<Lifetimes, Transport, Addressing, parley::sync<Sender, Receiver>, Buffering>(),
                      makes_sense(carried, talking, sender_waits, receiver_waits, between, stay_of[l++])),
         ...);
    };
    std::size_t b = 0;
    (with_buffering(words<Bufferings>{}, room_of[b++]), ...);
}

template <class Transport, class Addressing, class... Sides>
constexpr void count_sides(tally& result, carrier carried, talk talking, words<Sides...>) {
    const auto with_sender = [&]<class Sender>(words<Sender>, bool sender_waits) {
        std::size_t r = 0;
        (count_rest<Transport, Addressing, Sender, Sides>(result, carried, talking, sender_waits, waits[r++],
                                                          bufferings{}, lifetimes{}),
         ...);
    };
    std::size_t s = 0;
    (with_sender(words<Sides>{}, waits[s++]), ...);
}

template <class Transport, class... Addressings>
constexpr tally count_all(carrier carried, words<Addressings...>) {
    tally result;
    std::size_t a = 0;
    (count_sides<Transport, Addressings>(result, carried, talk_of[a++], sides{}), ...);
    return result;
}

template <class Transport>
constexpr tally count(carrier carried) {
    return count_all<Transport>(carried, addressings{});
}

/// How many of the 8 addressings x 16 pairs of sides x 4 bufferings x 4 lifetimes = 2048 compile on each transport.
/// By hand, with 16 x 3 + 15 = 63 pairs of sides and buffering where a rendezvous is possible, and 48 where it is not:
/// (direct and 3 mailboxes) x 63 x lifetimes + port x 63 x 2 + 3 mailboxes that redeliver x 48 x lifetimes,
/// with 3 lifetimes where the transport has one of its own beside its owner's, and 2 where it has not.
inline constexpr std::size_t all = 8 * 16 * 4 * 4;
inline constexpr std::size_t compile_on_shm = 4 * 63 * 3 + 63 * 2 + 3 * 48 * 3;
inline constexpr std::size_t compile_on_sysv_shm = compile_on_shm;
inline constexpr std::size_t compile_on_mapped_file = compile_on_shm;
inline constexpr std::size_t compile_on_anonymous_shm = 4 * 63 * 2 + 63 * 2 + 3 * 48 * 2;

}  // namespace product
