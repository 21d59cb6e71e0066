#pragma once

#include <optional>
#include <string_view>
#include <system_error>
#include <utility>

#include <parley/addressing/concept.hpp>
#include <parley/channel/handle.hpp>
#include <parley/channel/options.hpp>
#include <parley/compose/enforce.hpp>
#include <parley/synchronization/concept.hpp>
#include <parley/transport/concept.hpp>

// The words that need not be said.
#include <parley/addressing/mailbox.hpp>
#include <parley/buffering/bounded.hpp>
#include <parley/framing/framed.hpp>
#include <parley/lifetime/filesystem.hpp>
#include <parley/lifetime/kernel.hpp>
#include <parley/lifetime/owner.hpp>
#include <parley/payload/copy.hpp>
#include <parley/synchronization/blocking.hpp>
#include <parley/transport/shm.hpp>
#include <parley/wait/condvar.hpp>

/// The channel: the one place where the axes meet.

namespace parley {

template <class C>
class sender;
template <class C>
class receiver;
template <class C>
class link;
template <class C>
class endpoint;

/// What travels and how, one word for each question, in any order: transport, addressing, synchronization, buffering,
/// lifetime, framing, payload. What is not said is the default: `shm`, `mailbox`, `blocking`, `framed`, `copy`, and
/// what is natural to the transport and the addressing, for these `bounded<1024>` and `kernel_lifetime`. A list of
/// words that cannot keep its meaning does not compile, and the error says what to write instead.
///
/// A channel is a type; `sender` and `receiver` (for a mailbox or a port) or `endpoint` (for direct addressing) of it
/// are the objects.
template <class Message, class... Policies>
class channel : public compose::enforce<Message, Policies...> {
    using composition = compose::enforce<Message, Policies...>;

public:
    /// What travels.
    using message = typename composition::message;
    /// The word of each axis, chosen or by default: what carries it.
    using transport = typename composition::template word<transport_axis>;
    /// Who may talk.
    using addressing = typename composition::template word<addressing_axis>;
    /// How each side waits.
    using synchronization = typename composition::template word<synchronization_axis>;
    /// How much may wait in between.
    using buffering = typename composition::template word<buffering_axis>;
    /// Whether the bytes of a message travel.
    using payload = typename composition::template word<payload_axis>;

    /// Whether both ends can be made at once, without a name.
    static constexpr bool pairs = transport::capabilities.pairs && !payload::names_blocks;

    /// The message's layout and all words, defaults included: what two sides must agree on.
    [[nodiscard]] static constexpr std::string_view describe() noexcept { return composition::description; }

    /// Destroys the channel of that name, or, with direct addressing, the endpoint of that name and its links. Whoever
    /// is attached gets `errc::closed`; a new one may be created at once. Returns whether there was one.
    /// Throws `errc::corrupt` if what has that name is no channel; it is left alone.
    static bool remove(std::string_view name) requires(transport::capabilities.named) {
        if constexpr (addressing::pairwise) {
            return payload::template endpoint<channel>::remove(name);
        } else {
            return payload::template sending_end<channel>::remove(name);
        }
    }
    /// The twin that reports through `code`. False if there was none, or it failed.
    static bool remove(std::string_view name, std::error_code& code) noexcept requires(transport::capabilities.named) {
        return channel_detail::reported(code, [&] { return remove(name); });
    }

    /// Both ends of a new channel without a name, to be divided between related processes:
    /// `auto [out, in] = C::pair();`, or two links. Let each process destroy the ends that it does not use, as with
    /// pipe(2). Of the options `pool_size` counts.
    [[nodiscard]] static auto pair(const options& given = {}) requires(pairs) {
        using channel_detail::handle;
        auto [first, second] = payload::template pair<channel>(given.pool_size);
        if constexpr (addressing::pairwise) {
            using side = link<channel>;
            return std::pair<side, side>{side{handle{std::move(first)}, 0}, side{handle{std::move(second)}, 1}};
        } else {
            return std::pair<sender<channel>, receiver<channel>>{sender<channel>{handle{std::move(first)}},
                                                                 receiver<channel>{handle{std::move(second)}}};
        }
    }
    /// None if that fails.
    [[nodiscard]] static auto pair(std::error_code& code) noexcept requires(pairs) { return pair(options{}, code); }

    /// The same with options.
    [[nodiscard]] static auto pair(const options& given, std::error_code& code) noexcept requires(pairs) {
        return channel_detail::reported(code, [&] { return std::optional(pair(given)); });
    }
};

}  // namespace parley

#include <parley/channel/endpoint.hpp>
#include <parley/channel/sender_receiver.hpp>
