#pragma once

#include <chrono>
#include <cstddef>
#include <optional>
#include <span>
#include <system_error>
#include <utility>

#include <parley/channel/loan.hpp>
#include <parley/channel/options.hpp>
#include <parley/os/clock.hpp>
#include <parley/os/error.hpp>
#include <parley/transport/death_notice.hpp>
#include <parley/transport/link.hpp>

namespace parley::rounds_detail {
template <class End>
class round_reader;
}

namespace parley::channel_detail {

/// All the ways to receive, on top of a link's engine: the public interface of `receiver` and of one half of `link`.
template <class Derived, class Message, class Core, bool Waits>
class receiving {
    static_assert(transport::receiving_core<Core, Message>,
                  "the transport's end breaks the contract of transport/link.hpp");

    static constexpr bool in_place = Core::in_place && message::wire<Message>::in_place;

public:
    /// What `take` gives.
    using held_type = parley::held<Message, Core>;

    /// Blocking: waits until a message is there and returns it.
    /// Throws `errc::closed` once nothing more can come, `errc::peer_died`, `errc::corrupt`.
    [[nodiscard, gnu::always_inline]] Message receive() requires Waits {
        for (;;) {
            if (auto content = attempt()) [[likely]] {
                return std::move(*content);
            }
            if (auto content = receive_by(os::deadline::never())) {
                return std::move(*content);
            }
        }
    }

    /// Nonblocking: a message, or none.
    [[nodiscard, gnu::always_inline]] std::optional<Message> receive() requires(!Waits) { return try_receive(); }

    /// The twin of either that reports through `code`: a message, or none and perhaps a reason.
    [[nodiscard]] std::optional<Message> receive(std::error_code& code) noexcept {
        return reported(code, [&] {
            if constexpr (Waits) {
                return receive_by(os::deadline::never());
            } else {
                return try_receive();
            }
        });
    }

    /// A message if one is there.
    [[nodiscard, gnu::always_inline]] std::optional<Message> try_receive() {
        const transport::attempting only{usable().context()};
        return attempt();
    }
    /// The twin that reports through `code`.
    [[nodiscard]] std::optional<Message> try_receive(std::error_code& code) noexcept {
        return reported(code, [&] { return try_receive(); });
    }

    /// Waits at most for `duration`.
    template <class Rep, class Period>
    [[nodiscard]] std::optional<Message> receive_for(std::chrono::duration<Rep, Period> duration) requires Waits {
        return receive_by(os::deadline::after(duration));
    }
    /// The twin that reports through `code`.
    template <class Rep, class Period>
    [[nodiscard]] std::optional<Message> receive_for(std::chrono::duration<Rep, Period> duration,
                                                     std::error_code& code) noexcept requires Waits {
        return reported(code, [&] { return receive_for(duration); });
    }

    /// Waits at most until `when`, by any clock; the wait itself runs on the steady one.
    template <class Clock, class Duration>
    [[nodiscard]] std::optional<Message> receive_until(std::chrono::time_point<Clock, Duration> when) requires Waits {
        return receive_by(os::deadline::until(when));
    }
    /// The twin that reports through `code`.
    template <class Clock, class Duration>
    [[nodiscard]] std::optional<Message> receive_until(std::chrono::time_point<Clock, Duration> when,
                                                       std::error_code& code) noexcept requires Waits {
        return reported(code, [&] { return receive_until(when); });
    }

    /// Receives a batch into the front of `batch` and returns how many messages. Blocking: waits for the first one;
    /// nonblocking: takes what is there.
    [[nodiscard]] std::size_t receive(std::span<Message> batch) {
        if constexpr (Waits) {
            auto received = attempt(batch);
            while (received == 0 && !batch.empty()) {
                auto& core = usable();
                static_cast<void>(core.receiver().wait(core.context(), os::deadline::never()));
                received = attempt(batch);
            }
            return received;
        } else {
            return try_receive(batch);
        }
    }
    /// The twin that reports through `code`.
    [[nodiscard]] std::size_t receive(std::span<Message> batch, std::error_code& code) noexcept {
        return reported(code, [&] { return receive(batch); });
    }

    /// Takes what is there, at most as many as fit.
    [[nodiscard]] std::size_t try_receive(std::span<Message> batch) {
        const transport::attempting only{usable().context()};
        return attempt(batch);
    }
    /// The twin that reports through `code`.
    [[nodiscard]] std::size_t try_receive(std::span<Message> batch, std::error_code& code) noexcept {
        return reported(code, [&] { return try_receive(batch); });
    }

    /// The next message where it lies, without a copy; waits for one. Throws as `receive`.
    [[nodiscard]] held_type take() requires Waits && in_place {
        auto& core = usable();  // not by way of an optional, see `slot_by` in channel/sending.hpp
        return {core, core.receiver().take_until(core.context(), os::deadline::never())};
    }
    /// The twin that reports through `code`. None if that fails.
    [[nodiscard]] std::optional<held_type> take(std::error_code& code) noexcept requires Waits && in_place {
        return reported(code, [&] { return take_by(os::deadline::never()); });
    }

    /// The same, if there is one at once.
    [[nodiscard]] std::optional<held_type> try_take() requires in_place {
        auto& core = usable();
        const transport::attempting only{core.context()};
        const auto* slot = listening(core, [](Core& own) { return own.receiver().try_take(own.context()); });
        return slot == nullptr ? std::nullopt : std::optional<held_type>(std::in_place, core, slot);
    }
    /// The twin that reports through `code`.
    [[nodiscard]] std::optional<held_type> try_take(std::error_code& code) noexcept requires in_place {
        return reported(code, [&] { return try_take(); });
    }

    /// The same, waiting at most for `duration`.
    template <class Rep, class Period>
    [[nodiscard]] std::optional<held_type> take_for(std::chrono::duration<Rep, Period> duration) requires Waits
        && in_place {
        return take_by(os::deadline::after(duration));
    }
    /// The twin that reports through `code`.
    template <class Rep, class Period>
    [[nodiscard]] std::optional<held_type> take_for(std::chrono::duration<Rep, Period> duration,
                                                    std::error_code& code) noexcept requires Waits && in_place {
        return reported(code, [&] { return take_by(os::deadline::after(duration)); });
    }

protected:
    [[nodiscard, gnu::noinline]] std::optional<Message> receive_by(os::deadline until) {
        auto& core = usable();
        return core.receiver().pop_until(core.context(), until);
    }

    [[nodiscard]] std::optional<held_type> take_by(os::deadline until) {
        auto& core = usable();
        const auto* slot = core.receiver().take_until(core.context(), until);
        return slot == nullptr ? std::nullopt : std::optional<held_type>(std::in_place, core, slot);
    }

private:
    template <class End>
    friend class rounds_detail::round_reader;  // waits until a point in time, as this does

    /// Whether the link's handle is a bell, which must be listened for after each attempt in vain (os/doorbell.hpp).
    static constexpr bool has_bell = requires { requires Core::has_bell; };

    /// One attempt, be it all or a part of a call that waits.
    [[nodiscard, gnu::always_inline]] std::optional<Message> attempt() {
        return listening(usable(), [](Core& own) { return own.receiver().try_pop(own.context()); });
    }

    [[nodiscard]] std::size_t attempt(std::span<Message> batch) {
        auto& core = usable();
        return transport::told_by_success(core.context(), [&] {
            return listening(core, [&](Core& own) { return own.receiver().try_pop_some(own.context(), batch); });
        });
    }

    /// What `attempt(core)` returns. Where there is a bell, it is listened for again before the one that finds nothing.
    template <class Attempt>
    [[nodiscard, gnu::always_inline]] static auto listening(Core& core, Attempt attempt) {
        if constexpr (has_bell) {
            if (core.context().has_bell()) [[unlikely]] {
                return listening_for_bell(core, attempt);
            }
        }
        return attempt(core);
    }

    template <class Attempt>
    [[nodiscard, gnu::noinline]] static auto listening_for_bell(Core& core, Attempt attempt) {
        if (auto found = attempt(core)) {
            return found;
        }
        core.context().listen_for_bell();
        return attempt(core);
    }

    [[nodiscard, gnu::always_inline]] Core& usable() {
        Core& core = static_cast<Derived&>(*this).core();
        if (core.context().take_out) [[unlikely]] {
            throw_take_out();
        }
        return core;
    }

    [[noreturn, gnu::cold, gnu::noinline]] static void throw_take_out() {
        throw_error(errc::bad_state, "a message taken by this receiver is still held; release it before the next");
    }
};

}  // namespace parley::channel_detail
