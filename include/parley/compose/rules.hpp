#pragma once

#include <parley/buffering/concept.hpp>
#include <parley/compose/facts.hpp>
#include <parley/compose/list.hpp>
#include <parley/lifetime/concept.hpp>
#include <parley/transport/concept.hpp>

/// THE list of rules: which compositions there are, and what the compiler says about the others.
///
/// A rule has
/// - `holds(facts)`, asked of what a `composition` states (compose/facts.hpp). It has an answer for each of them, and
///   where an earlier rule is broken, a later one holds, so that one mistake gives one sentence;
/// - `template <class C> struct sentence`, which says what is wrong and what to write instead.
///
/// Rules compare what words say about themselves, never the words: a new word needs no change here. The list at the end
/// yields both the concept `composable` and the compile errors of `channel` (compose/enforce.hpp).

namespace parley::compose {

// The policies as such.

struct policies_are_words {
    [[nodiscard]] static constexpr bool holds(const facts& c) { return c.policies_are_words; }

    template <class C>
    struct sentence {
        static_assert(
            holds(facts_of<C>),
            "parley: a policy is no word of any axis: write transports, addressings, ... such as shm, mailbox, "
            "blocking, bounded<1024>, kernel_lifetime; a selection or delivery goes into mailbox_by<...>, a "
            "wait strategy into blocking_on<...>");
    };
};

struct words_keep_their_contract {
    [[nodiscard]] static constexpr bool holds(const facts& c) { return c.words_are_sound; }

    template <class C>
    struct sentence {
        static_assert(holds(facts_of<C>),
                      "parley: a policy names an axis but lacks something that a word of this axis must have: see the "
                      "contract at the top of the axis's concept.hpp");
    };
};

struct one_word_per_axis {
    [[nodiscard]] static constexpr bool holds(const facts& c) { return c.one_word_per_axis; }

    template <class C>
    struct sentence {
        static_assert(
            holds(facts_of<C>),
            "parley: two policies answer the same question, such as two transports or two bufferings: keep one "
            "of them");
    };
};

struct mailbox_arguments_agree {
    [[nodiscard]] static constexpr bool holds(const facts& c) { return c.mailbox_is_well_formed; }

    template <class C>
    struct sentence {
        static_assert(holds(facts_of<C>),
                      "parley: mailbox_by takes one selection (any, round_robin or exclusive) and one delivery "
                      "(at_most_once or at_least_once): remove what is there twice or is neither");
    };
};

struct sides_can_wait {
    [[nodiscard]] static constexpr bool holds(const facts& c) { return c.sides_are_well_formed; }

    template <class C>
    struct sentence {
        static_assert(
            holds(facts_of<C>),
            "parley: a side is blocking, nonblocking or blocking_on<strategy> with the strategy spin, condvar or "
            "futex: write sync<sender_side, receiver_side> with two of these");
    };
};

struct bounded_holds_something {
    [[nodiscard]] static constexpr bool holds(const facts& c) { return c.rendezvous || c.capacity > 0; }

    template <class C>
    struct sentence {
        static_assert(holds(facts_of<C>),
                      "parley: bounded<0> holds no message: write zero for a rendezvous, or bounded<N> with N of 1 or "
                      "more");
    };
};

// The message.

struct message_is_no_address {
    [[nodiscard]] static constexpr bool holds(const facts& c) { return !c.message.is_address; }

    template <class C>
    struct sentence {
        static_assert(
            holds(facts_of<C>),
            "parley: the message is a pointer or a reference, which means nothing in another process: send the "
            "object itself");
    };
};

struct message_is_an_object {
    [[nodiscard]] static constexpr bool holds(const facts& c) {
        return !message_is_no_address::holds(c) || c.message.is_object;
    }

    template <class C>
    struct sentence {
        static_assert(
            holds(facts_of<C>),
            "parley: the message is void, an array, a function or a type not yet defined: write a complete type, "
            "and for an array std::array or a struct around it");
    };
};

struct message_is_unqualified {
    [[nodiscard]] static constexpr bool holds(const facts& c) {
        return !message_is_no_address::holds(c) || !message_is_an_object::holds(c) || c.message.is_unqualified;
    }

    template <class C>
    struct sentence {
        static_assert(holds(facts_of<C>), "parley: the message is const or volatile: write the type without it");
    };
};

struct message_codec_is_complete {
    [[nodiscard]] static constexpr bool holds(const facts& c) {
        return !c.message.is_plain || c.message.codecs_are_complete;
    }

    template <class C>
    struct sentence {
        static_assert(
            holds(facts_of<C>),
            "parley: parley::codec<T> of the message lacks a part: give it max_size, size, encode and decode as "
            "parley/message/codec.hpp shows");
    };
};

struct message_can_travel {
    [[nodiscard]] static constexpr bool holds(const facts& c) { return !c.message.is_plain || c.message.can_travel; }

    template <class C>
    struct sentence {
        static_assert(holds(facts_of<C>),
                      "parley: the message cannot be copied byte by byte: specialize parley::codec<T> for it, or send "
                      "parley::bytes<Max>");
    };
};

struct message_holds_no_address {
    [[nodiscard]] static constexpr bool holds(const facts& c) {
        return !message_is_no_address::holds(c) || !c.message.is_plain || !c.message.holds_address;
    }

    template <class C>
    struct sentence {
        static_assert(
            holds(facts_of<C>),
            "parley: the message holds a pointer or a reference, which means nothing in another process: hold "
            "the object itself or an index, or specialize parley::codec<T>");
    };
};

struct message_has_room {
    [[nodiscard]] static constexpr bool holds(const facts& c) { return !c.message.is_plain || c.message.has_room; }

    template <class C>
    struct sentence {
        static_assert(
            holds(facts_of<C>),
            "parley: the message has room for 0 bytes: write bytes<Max> or a codec's max_size with 1 or more, or "
            "an empty struct for a bare signal");
    };
};

// What fits together.

struct rendezvous_has_one_who_waits {
    [[nodiscard]] static constexpr bool holds(const facts& c) {
        return !c.rendezvous || c.sender_waits || c.receiver_waits;
    }

    template <class C>
    struct sentence {
        static_assert(
            holds(facts_of<C>),
            "parley: with zero and two nonblocking sides nobody ever waits, and they never meet: write blocking "
            "for one side, as in sync<nonblocking, blocking>, or bounded<1>");
    };
};

struct rendezvous_keeps_nothing {
    [[nodiscard]] static constexpr bool holds(const facts& c) { return !c.rendezvous || !c.redelivers; }

    template <class C>
    struct sentence {
        static_assert(holds(facts_of<C>),
                      "parley: with zero nothing is kept that at_least_once could give to another receiver: write "
                      "bounded<1>, or at_most_once");
    };
};

struct redelivery_has_another_receiver {
    [[nodiscard]] static constexpr bool holds(const facts& c) { return !c.redelivers || c.many_receivers; }

    template <class C>
    struct sentence {
        static_assert(holds(facts_of<C>),
                      "parley: at_least_once gives a dead receiver's message to another, and this addressing has one "
                      "receiver: write mailbox_by<at_least_once>, or at_most_once");
    };
};

struct transport_can_redeliver {
    [[nodiscard]] static constexpr bool holds(const facts& c) { return !c.redelivers || c.can.redelivers; }

    template <class C>
    struct sentence {
        static_assert(
            holds(facts_of<C>),
            "parley: this transport forgets a message when a receiver takes it, and cannot give it to another "
            "when that one dies: write at_most_once, or a transport in memory such as shm");
    };
};

struct transport_takes_many_senders {
    [[nodiscard]] static constexpr bool holds(const facts& c) { return !c.many_senders || c.can.many_senders; }

    template <class C>
    struct sentence {
        static_assert(
            holds(facts_of<C>),
            "parley: this transport has one sender at a time, and a mailbox or a port has many: write direct, "
            "or a transport in memory such as shm");
    };
};

struct transport_takes_many_receivers {
    // With neither many senders nor many receivers the rule before this one speaks for both.
    [[nodiscard]] static constexpr bool holds(const facts& c) {
        return !transport_takes_many_senders::holds(c) || !c.many_receivers || c.can.many_receivers;
    }

    template <class C>
    struct sentence {
        static_assert(
            holds(facts_of<C>),
            "parley: this transport has one receiver at a time, and a mailbox has many: write port or direct, "
            "or a transport in memory such as shm");
    };
};

struct what_is_owned_goes_with_its_owner {
    [[nodiscard]] static constexpr bool holds(const facts& c) { return !c.owned || c.until == lifetime::end::owner; }

    template <class C>
    struct sentence {
        static_assert(holds(facts_of<C>),
                      "parley: a port belongs to its receiver and goes with it: write owner_lifetime or nothing, or "
                      "mailbox for what is to stay");
    };
};

struct transport_survives_reboot {
    [[nodiscard]] static constexpr bool holds(const facts& c) {
        return !what_is_owned_goes_with_its_owner::holds(c) || c.until != lifetime::end::removal ||
               c.can.survives_reboot;
    }

    template <class C>
    struct sentence {
        static_assert(holds(facts_of<C>),
                      "parley: filesystem_lifetime needs a transport that is a file, and this one does not survive a "
                      "reboot: write mapped_file, or kernel_lifetime or owner_lifetime");
    };
};

struct transport_goes_with_the_kernel {
    [[nodiscard]] static constexpr bool holds(const facts& c) {
        return !what_is_owned_goes_with_its_owner::holds(c) || c.until != lifetime::end::kernel ||
               !c.can.survives_reboot;
    }

    template <class C>
    struct sentence {
        static_assert(holds(facts_of<C>),
                      "parley: this transport is a file, which outlives the kernel: write filesystem_lifetime or "
                      "owner_lifetime instead of kernel_lifetime, or shm");
    };
};

struct transport_survives_its_processes {
    [[nodiscard]] static constexpr bool holds(const facts& c) {
        return !what_is_owned_goes_with_its_owner::holds(c) || c.until != lifetime::end::kernel ||
               c.can.survives_reboot || c.can.survives_processes;
    }

    template <class C>
    struct sentence {
        static_assert(holds(facts_of<C>),
                      "parley: this transport goes with the last process that holds it, and kernel_lifetime is to stay "
                      "after that: write owner_lifetime or nothing, or a transport that stays such as shm");
    };
};

struct selection_fits_the_transport {
    [[nodiscard]] static constexpr bool holds(const facts& c) {
        return !transport_takes_many_senders::holds(c) || !transport_takes_many_receivers::holds(c) ||
               c.can.takes_turns || (!c.takes_turns && !c.one_at_a_time);
    }

    template <class C>
    struct sentence {
        static_assert(
            holds(facts_of<C>),
            "parley: in this transport the kernel gives a message to whoever asks first, so no receiver can "
            "be picked: write mailbox without round_robin or exclusive, or a transport in memory such as shm");
    };
};

struct transport_can_rendezvous {
    [[nodiscard]] static constexpr bool holds(const facts& c) { return !c.rendezvous || c.can.rendezvous; }

    template <class C>
    struct sentence {
        static_assert(
            holds(facts_of<C>),
            "parley: with zero a sender must learn that a receiver takes its message now, and over this transport "
            "nothing tells it: write bounded<1>, or a transport such as unix_stream, mqueue or shm");
    };
};

struct unbounded_loses_nothing {
    [[nodiscard]] static constexpr bool holds(const facts& c) {
        return c.capacity != buffering::without_limit || c.can.lossless;
    }

    template <class C>
    struct sentence {
        static_assert(
            holds(facts_of<C>),
            "parley: this transport may lose messages, and would lose most of what unbounded lets a sender pour into "
            "it: write bounded<N> or bounded_by_kernel, or a transport that loses nothing such as tcp");
    };
};

struct capacity_fits_the_transport {
    [[nodiscard]] static constexpr bool holds(const facts& c) {
        return !c.can.powers_of_two || c.capacity >= buffering::as_the_kernel_says ||
               (c.capacity & (c.capacity - 1)) == 0;
    }

    template <class C>
    struct sentence {
        static_assert(holds(facts_of<C>),
                      "parley: this transport is a pipe, whose pages are a power of two, and so must N be for the "
                      "bound to be exact: write bounded<N> with N of 1, 2, 4, 8, ...");
    };
};

struct transport_has_a_kernel_buffer {
    [[nodiscard]] static constexpr bool holds(const facts& c) {
        return c.capacity != buffering::as_the_kernel_says || c.can.kernel_buffer;
    }

    template <class C>
    struct sentence {
        static_assert(holds(facts_of<C>),
                      "parley: bounded_by_kernel leaves the bound to a buffer that the kernel measures in its own way, "
                      "and this transport has none: write bounded<N>, or a socket such as unix_stream");
    };
};

struct transport_speaks_raw {
    [[nodiscard]] static constexpr bool holds(const facts& c) { return !c.foreign || c.can.raw; }

    template <class C>
    struct sentence {
        static_assert(holds(facts_of<C>),
                      "parley: raw is for programs that know nothing of parley, and none of them can use this "
                      "transport: write one that they can, such as fifo, mqueue or tcp, or leave raw out");
    };
};

struct raw_goes_one_way {
    [[nodiscard]] static constexpr bool holds(const facts& c) { return !c.foreign || !c.pairwise; }

    template <class C>
    struct sentence {
        static_assert(holds(facts_of<C>),
                      "parley: with direct each side gives its name, and a program that knows nothing of parley, which "
                      "raw is for, gives none: write port or mailbox");
    };
};

struct raw_keeps_to_what_the_kernel_has {
    [[nodiscard]] static constexpr bool holds(const facts& c) {
        return !c.foreign || !transport_speaks_raw::holds(c) ||
               (!c.rendezvous && (c.capacity >= buffering::as_the_kernel_says || c.can.exact_capacity));
    }

    template <class C>
    struct sentence {
        static_assert(holds(facts_of<C>),
                      "parley: with raw nothing but the messages travels, so nobody counts them or answers: write "
                      "bounded_by_kernel or unbounded, or leave raw out");
    };
};

struct raw_message_is_its_bytes {
    [[nodiscard]] static constexpr bool holds(const facts& c) {
        return !c.foreign || !c.message.is_sendable || c.message.is_its_bytes;
    }

    template <class C>
    struct sentence {
        static_assert(
            holds(facts_of<C>),
            "parley: with raw a message is its bytes alone, and a variant or a type with a codec needs more to be read "
            "again: send parley::bytes<Max> or a type that is copied byte by byte, or leave raw out");
    };
};

struct pool_has_a_name {
    [[nodiscard]] static constexpr bool holds(const facts& c) {
        return !c.names_blocks || (c.can.named && !(c.pairwise && c.can.passes_descriptors));
    }

    template <class C>
    struct sentence {
        static_assert(holds(facts_of<C>),
                      "parley: with many_segments the blocks of a pool have names that are made from the pool's, and "
                      "this channel's pools have none: write map, or a transport with names such as shm, or port");
    };
};

struct pool_is_on_this_machine {
    [[nodiscard]] static constexpr bool holds(const facts& c) { return !c.stays || !c.can.crosses_machines; }

    template <class C>
    struct sentence {
        static_assert(
            holds(facts_of<C>),
            "parley: with map or adaptive the message stays in this machine's memory, and this transport may lead to "
            "another machine: write copy, or a transport of this machine such as unix_stream or shm");
    };
};

struct pool_goes_with_the_channel {
    [[nodiscard]] static constexpr bool holds(const facts& c) {
        return !c.stays || !pool_has_a_name::holds(c) || !pool_is_on_this_machine::holds(c) ||
               !what_is_owned_goes_with_its_owner::holds(c) || !c.can.named || !transport_survives_reboot::holds(c) ||
               c.until == lifetime::end::kernel || (c.until == lifetime::end::owner && (c.owned || c.pairwise));
    }

    template <class C>
    struct sentence {
        static_assert(holds(facts_of<C>),
                      "parley: with map or adaptive the pool of the messages lies in memory, and goes with the "
                      "receiver of a port, with the two sides of a link, or with the kernel: write port, direct with "
                      "owner_lifetime, or kernel_lifetime over a transport that is no file");
    };
};

struct raw_leaves_nothing_behind {
    [[nodiscard]] static constexpr bool holds(const facts& c) {
        return !c.stays || !c.foreign || !transport_speaks_raw::holds(c) || !pool_is_on_this_machine::holds(c) ||
               !pool_goes_with_the_channel::holds(c);
    }

    template <class C>
    struct sentence {
        static_assert(holds(facts_of<C>),
                      "parley: with map or adaptive a reference travels, and a program that knows nothing of parley, "
                      "which raw is for, could not follow it: write copy, or leave raw out");
    };
};

struct reference_fits_the_transport {
    [[nodiscard]] static constexpr bool holds(const facts& c) {
        return !raw_leaves_nothing_behind::holds(c) || c.reference_size <= c.can.largest_unit;
    }

    template <class C>
    struct sentence {
        static_assert(
            holds(facts_of<C>),
            "parley: with map or adaptive a reference of 24 bytes travels, and this transport has no room for "
            "that in one piece: write copy, or another transport such as shm");
    };
};

struct message_fits_the_transport {
    [[nodiscard]] static constexpr bool holds(const facts& c) {
        const bool one_sender = !c.many_senders || c.can.connected;
        return !c.message.is_sendable || !reference_fits_the_transport::holds(c) ||
               !raw_leaves_nothing_behind::holds(c) || c.can.largest_unit == transport::any_size ||
               (c.can.splits && one_sender) ||
               (c.can.headless ? c.size_as_written : c.size_in_transit) <= c.can.largest_unit;
    }

    template <class C>
    struct sentence {
        static_assert(
            holds(facts_of<C>),
            "parley: the message is larger than what this transport carries in one piece, and parts of it "
            "could be lost or mix with those of another sender: send a smaller message or, with adaptive, "
            "write a lower threshold; or write direct with a queue or a pipe, or a transport such as tcp or shm");
    };
};

/// The list. What a message is and which words there are comes first, and then what goes together.
using rules = list<policies_are_words,                 //
                   words_keep_their_contract,          //
                   one_word_per_axis,                  //
                   mailbox_arguments_agree,            //
                   sides_can_wait,                     //
                   bounded_holds_something,            //
                   message_is_no_address,              //
                   message_is_an_object,               //
                   message_is_unqualified,             //
                   message_codec_is_complete,          //
                   message_can_travel,                 //
                   message_holds_no_address,           //
                   message_has_room,                   //
                   rendezvous_has_one_who_waits,       //
                   rendezvous_keeps_nothing,           //
                   redelivery_has_another_receiver,    //
                   transport_can_redeliver,            //
                   transport_takes_many_senders,       //
                   transport_takes_many_receivers,     //
                   what_is_owned_goes_with_its_owner,  //
                   selection_fits_the_transport,       //
                   transport_can_rendezvous,           //
                   unbounded_loses_nothing,            //
                   capacity_fits_the_transport,        //
                   transport_has_a_kernel_buffer,      //
                   transport_speaks_raw,               //
                   raw_goes_one_way,                   //
                   raw_keeps_to_what_the_kernel_has,   //
                   raw_message_is_its_bytes,           //
                   transport_survives_reboot,          //
                   transport_goes_with_the_kernel,     //
                   transport_survives_its_processes,   //
                   pool_has_a_name,                    //
                   pool_is_on_this_machine,            //
                   pool_goes_with_the_channel,         //
                   raw_leaves_nothing_behind,          //
                   reference_fits_the_transport,       //
                   message_fits_the_transport>;

}  // namespace parley::compose
