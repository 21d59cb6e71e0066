#pragma once

#include <concepts>
#include <utility>

namespace parley::transport {

/// How an end tells that the process was killed which alone could have ended its waits: once, to a call that waits, as
/// `errc::peer_died`; to an attempt, and from then on, the channel is closed. Whoever notices it first, and where: the
/// error depends on the call alone.
struct death_notice {
    bool attempting = false;  ///< the call at hand does not wait
    bool told = false;        ///< to a call, as what it is to it

    /// For the call that is to be told now: whether as a death. `waits`: whether it waits for who was killed, unless it
    /// is an attempt; of one that does not the notice is left alone, whichever thread it is.
    [[nodiscard]] bool is_due(bool waits) noexcept { return waits && !std::exchange(told, true) && !attempting; }
};

/// The context of a link that has such a notice to give.
template <class Context>
concept gives_death_notice = requires(Context& context) {
    { context.notice() } -> std::same_as<death_notice&>;
};

/// Does `move()`, which returns how many messages it has moved. An error that was met behind the first of them is not
/// told, and the next call meets it again: it is as if nothing had been told.
template <class Context, class Move>
[[nodiscard, gnu::always_inline]] inline auto told_by_success(Context& context, Move move) {
    if constexpr (gives_death_notice<Context>) {
        const bool told = context.notice().told;
        const auto moved = move();
        if (moved) {
            context.notice().told = told;
        }
        return moved;
    } else {
        return move();
    }
}

/// While it lives, a link whose side may wait is used for an attempt only.
template <class Context>
class attempting {
public:
    /// Says so to the link of that context.
    [[gnu::always_inline]] explicit attempting(Context& context) noexcept : context_(context) { say(true); }
    attempting(const attempting&) = delete;
    attempting& operator=(const attempting&) = delete;
    [[gnu::always_inline]] ~attempting() { say(false); }

private:
    [[gnu::always_inline]] void say(bool only) noexcept {
        if constexpr (gives_death_notice<Context>) {
            context_.notice().attempting = only;
        }
    }

    Context& context_;
};

}  // namespace parley::transport
