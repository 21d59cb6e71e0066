#pragma once

#include <concepts>
#include <cstddef>
#include <optional>
#include <span>

#include <parley/os/clock.hpp>

/// The contract of a link: what a transport gives to the channel for a composition.
///
/// A transport word has `sending_end<C>` and `receiving_end<C>` for a mailbox or a port, and `link_end<C>` and
/// `endpoint<C>` for direct addressing. An end opens and closes; attached, it has a *core*, which stays where it is,
/// with
/// - a `sender()`, a `receiver()`, or both: the algorithm;
/// - `in_place`: whether messages can be written and read where they travel;
/// - perhaps a `native_handle()`, a descriptor to wait on;
/// - a `context()`, which the algorithm is given at each call: who lives, whom to wake, how to wait, what is lent out.
///
/// What the operations mean is the same for every transport:
/// - `try_push` and `try_pop` never wait; `push_until` and `pop_until` wait until the deadline, and in a rendezvous are
///   something else than a loop of attempts;
/// - `try_push_some` and `try_pop_some` move as many as can go at once, from the front, and say how many;
/// - they throw `errc::closed` where nothing will pass any more, a receiver only after what was sent before;
/// - a call that waits for what only a peer can do ends with `errc::peer_died` when that peer has been killed. A link
///   works again when the peer is back; a port is closed then, and its ends are told of the death once
///   (transport/death_notice.hpp).
/// Where messages can be written and read in place there are `try_loan`, `send_loan`, `drop_loan` and `try_take`,
/// `take_until`, `release_taken` (channel/loan.hpp).

namespace parley::transport {

template <class Core, class Message>
concept sending_core = requires(Core& core, const Message& content, std::span<const Message> batch,
                                os::deadline until) {
    { core.sender().try_push(core.context(), content) } -> std::same_as<bool>;
    { core.sender().push_until(core.context(), content, until) } -> std::same_as<bool>;
    { core.sender().try_push_some(core.context(), batch) } -> std::same_as<std::size_t>;
    { core.context().loan_out } -> std::same_as<bool&>;
};

template <class Core, class Message>
concept receiving_core = requires(Core& core, std::span<Message> batch, os::deadline until) {
    { core.receiver().try_pop(core.context()) } -> std::same_as<std::optional<Message>>;
    { core.receiver().pop_until(core.context(), until) } -> std::same_as<std::optional<Message>>;
    { core.receiver().try_pop_some(core.context(), batch) } -> std::same_as<std::size_t>;
    { core.context().take_out } -> std::same_as<bool&>;
};

/// A core whose link has a descriptor that can be waited on.
template <class Core>
concept pollable_core = requires(Core& core) {
    { core.native_handle() } -> std::same_as<int>;
};

}  // namespace parley::transport
