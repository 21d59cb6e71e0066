#pragma once

#include <type_traits>
#include <utility>

#include <parley/addressing/direct.hpp>
#include <parley/channel/endpoint.hpp>
#include <parley/channel/receiving_bodies.hpp>
#include <parley/channel/round.hpp>
#include <parley/channel/sending_bodies.hpp>
#include <parley/compose/facts.hpp>
#include <parley/message/bytes.hpp>
#include <parley/message/kind.hpp>

/// Bodies larger than the largest message: they travel in rounds, one message each, over a link, which has one sender
/// and keeps the order. The link stays a link of messages; that some of them are rounds is between the two who use it.

namespace parley {

namespace rounds_detail {

/// What a channel must be to carry rounds.
template <class C>
struct requirements {
    static constexpr bool by_link = C::addressing::pairwise;
    static constexpr bool of_bytes = message::byte_string<typename C::message>;
    static constexpr bool has_room = [] {
        if constexpr (of_bytes) {
            return C::message::max_size > header_size;
        } else {
            return true;
        }
    }();
    static constexpr bool keeps_all = compose::facts_of<C>.can.lossless && compose::facts_of<C>.can.ordered;
    static constexpr bool sender_waits = C::synchronization::sender_side::waits;
    static constexpr bool all = by_link && of_bytes && has_room && keeps_all && sender_waits;
};

/// Says what to write instead.
template <class C>
struct sentences {
    using must = requirements<C>;
    static_assert(must::by_link,
                  "parley: a body travels in rounds over a link, and a mailbox or a port may have many senders, whose "
                  "rounds would mix: write direct, and parley::rounds{me.link(peer)}");
    static_assert(must::of_bytes,
                  "parley: a round is a message of variable size: write parley::bytes<Max> for the channel's message");
    static_assert(must::has_room,
                  "parley: a round has a header of 24 bytes and needs room for a part beside it: write "
                  "parley::bytes<Max> with 25 or more, and rather some thousands");
    static_assert(must::keeps_all || !must::by_link,
                  "parley: this transport may lose messages, and a body in rounds needs each of them: write tcp");
    static_assert(must::sender_waits,
                  "parley: a body in rounds waits for room again and again: write blocking for the sending side, as in "
                  "sync<blocking, nonblocking>");
};

/// The link, or what stands in for it after a sentence has been said, so that nothing else is said.
template <class C>
using link_of = typename std::conditional_t<requirements<C>::all, std::type_identity<link<C>>,
                                            std::type_identity<link<channel<bytes<64>, direct>>>>::type;

}  // namespace rounds_detail

/// Sends and receives bodies of any size over a link, in rounds: each is one message with a part of the body, behind a
/// header of 24 bytes. Over memory, and with `map`, parts are written and read where they lie in the link.
///
/// `parley::rounds to_bob{me.link("bob")};` then `to_bob.send(body)`; the other side `from_alice.receive()`. Both sides
/// use `rounds`. Keep it for as long as the link: it knows which body is under way. One thread at a time may use it.
///
/// A body that cannot become whole is an error of the receiver, and the next body comes whole: `errc::peer_died` or
/// `errc::closed` as of the link, `errc::incomplete` where its sender gave it up or another process has taken that
/// sender's place, `errc::corrupt` where a message is no round that could come next. A body whose receiver gives it up,
/// because its sink throws, is passed over by the next call.
template <class C>
class rounds : public rounds_detail::sending_bodies<rounds<C>, rounds_detail::link_of<C>>,
               public rounds_detail::receiving_bodies<rounds<C>, rounds_detail::link_of<C>,
                                                      C::synchronization::receiver_side::waits> {
    static_assert(std::is_class_v<typename rounds_detail::sentences<C>::must>);  // says them

    using link_type = rounds_detail::link_of<C>;

public:
    using channel_type = C;  ///< the channel

    /// Takes the link over.
    explicit rounds(link_type over) : link_(std::move(over)) {}

    /// For what follows a sentence that says what to write.
    template <class Anything>
        requires(!rounds_detail::requirements<C>::all)
    explicit rounds(const Anything&);

    /// The link, for `native_handle` and for messages between bodies.
    [[nodiscard]] link_type& link() noexcept { return link_; }

private:
    link_type link_;
};

/// Takes the link over.
template <class C>
rounds(link<C>) -> rounds<C>;
/// For the sentence that says what to write.
template <class C>
rounds(const sender<C>&) -> rounds<C>;
/// For the sentence that says what to write.
template <class C>
rounds(const receiver<C>&) -> rounds<C>;

}  // namespace parley
