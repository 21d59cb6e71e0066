#pragma once

#include <chrono>
#include <cstddef>
#include <optional>
#include <span>
#include <system_error>
#include <type_traits>
#include <utility>

#include <parley/channel/loan.hpp>
#include <parley/channel/options.hpp>
#include <parley/os/clock.hpp>
#include <parley/os/error.hpp>
#include <parley/transport/death_notice.hpp>
#include <parley/transport/link.hpp>

namespace parley::rounds_detail {
template <class End>
class round_writer;
}

namespace parley::channel_detail {

/// All the ways to send, on top of a link's engine: the public interface of `sender` and of one half of `link`.
///
/// `Derived::core()` gives the link's core, or throws. Synchronization lives here: a blocking side is a loop of
/// attempts and waits, a nonblocking side is the attempt alone.
template <class Derived, class Message, class Core, bool Waits>
class sending {
    static_assert(transport::sending_core<Core, Message>,
                  "the transport's end breaks the contract of transport/link.hpp");

    static constexpr bool in_place = Core::in_place && message::wire<Message>::in_place;
    static constexpr bool sized_loans = in_place && requires { requires Core::sized_loans; };
    static constexpr bool late_loans = in_place && requires { requires Core::late_loans; };

public:
    /// What `loan` gives.
    using loan_type = parley::loan<Message, Core>;

    /// Blocking: returns when the message is accepted (`bounded`, `unbounded`) or received (`zero`).
    /// Throws `errc::closed`, `errc::peer_died`, `errc::message_too_large`, `errc::no_space`.
    [[gnu::always_inline]] void send(const Message& content) requires Waits {
        // An attempt first: it is inlined here, the wait is not.
        if constexpr (has_attempt) {
            if (attempt(content)) [[likely]] {
                return;
            }
        }
        static_cast<void>(send_by(content, os::deadline::never()));
    }

    /// Nonblocking: whether the message was accepted.
    [[nodiscard, gnu::always_inline]] bool send(const Message& content) requires(!Waits) { return try_send(content); }

    /// The twin of either that reports through `code`. Whether the message was accepted.
    bool send(const Message& content, std::error_code& code) noexcept {
        return reported(code, [&] {
            if constexpr (Waits) {
                return send_by(content, os::deadline::never());
            } else {
                return try_send(content);
            }
        });
    }

    /// Sends if that is possible at once; whether it was.
    [[nodiscard, gnu::always_inline]] bool try_send(const Message& content) {
        const transport::attempting only{usable().context()};
        return attempt(content);
    }
    /// The twin that reports through `code`.
    [[nodiscard]] bool try_send(const Message& content, std::error_code& code) noexcept {
        return reported(code, [&] { return try_send(content); });
    }

    /// Waits at most for `duration`; whether the message was accepted.
    template <class Rep, class Period>
    [[nodiscard]] bool send_for(const Message& content, std::chrono::duration<Rep, Period> duration) requires Waits {
        return send_by(content, os::deadline::after(duration));
    }
    /// The twin that reports through `code`.
    template <class Rep, class Period>
    [[nodiscard]] bool send_for(const Message& content, std::chrono::duration<Rep, Period> duration,
                                std::error_code& code) noexcept requires Waits {
        return reported(code, [&] { return send_for(content, duration); });
    }

    /// Waits at most until `when`, by any clock; the wait itself runs on the steady one.
    template <class Clock, class Duration>
    [[nodiscard]] bool send_until(const Message& content,
                                  std::chrono::time_point<Clock, Duration> when) requires Waits {
        return send_by(content, os::deadline::until(when));
    }
    /// The twin that reports through `code`.
    template <class Clock, class Duration>
    [[nodiscard]] bool send_until(const Message& content, std::chrono::time_point<Clock, Duration> when,
                                  std::error_code& code) noexcept requires Waits {
        return reported(code, [&] { return send_until(content, when); });
    }

    /// Sends a batch, in order, with as few publications as possible. Returns how many messages were accepted:
    /// blocking, all of them; nonblocking, those from the front for which there was room. Throws as `send` of one
    /// message, and then it is not known how many were accepted before: the twin tells.
    std::size_t send(std::span<const Message> batch) {
        std::size_t sent = 0;
        send_all(batch, sent);
        return sent;
    }
    /// Returns how many were accepted, also when `code` says why the others were not.
    std::size_t send(std::span<const Message> batch, std::error_code& code) noexcept {
        std::size_t sent = 0;
        reported(code, [&] { send_all(batch, sent); });
        return sent;
    }

    /// As many from the front as can be sent at once.
    [[nodiscard]] std::size_t try_send(std::span<const Message> batch) {
        const transport::attempting only{usable().context()};
        return attempt(batch);
    }
    /// The twin that reports through `code`.
    [[nodiscard]] std::size_t try_send(std::span<const Message> batch, std::error_code& code) noexcept {
        return reported(code, [&] { return try_send(batch); });
    }

    /// A slot to write the next message in, without a copy; waits for one. Throws as `send`.
    [[nodiscard]] loan_type loan() requires Waits && in_place {
        auto& core = usable();
        return {core, slot_by(core, os::deadline::never())};
    }
    /// The twin that reports through `code`. None if that fails.
    [[nodiscard]] std::optional<loan_type> loan(std::error_code& code) noexcept requires Waits && in_place {
        return reported(code, [&] { return loan_by(os::deadline::never()); });
    }

    /// The same, if there is one at once.
    [[nodiscard]] std::optional<loan_type> try_loan() requires in_place {
        const transport::attempting only{usable().context()};
        return attempt_loan();
    }
    /// The twin that reports through `code`.
    [[nodiscard]] std::optional<loan_type> try_loan(std::error_code& code) noexcept requires in_place {
        return reported(code, [&] { return try_loan(); });
    }

    /// The same, waiting at most for `duration`.
    template <class Rep, class Period>
    [[nodiscard]] std::optional<loan_type> loan_for(std::chrono::duration<Rep, Period> duration) requires Waits
        && in_place {
        return loan_by(os::deadline::after(duration));
    }
    /// The twin that reports through `code`.
    template <class Rep, class Period>
    [[nodiscard]] std::optional<loan_type> loan_for(std::chrono::duration<Rep, Period> duration,
                                                    std::error_code& code) noexcept requires Waits && in_place {
        return reported(code, [&] { return loan_by(os::deadline::after(duration)); });
    }

    /// The same for `bytes<Max>` of which this message needs at most `size`, where messages stay in shared memory
    /// (`map`, `adaptive`): a loan of no more than that. Throws `errc::message_too_large` for more than Max.
    [[nodiscard]] loan_type loan(std::size_t size) requires Waits && sized_loans {
        auto& core = usable();
        return {core, slot_by(core, os::deadline::never(), needed(size))};
    }
    /// The twin that reports through `code`. None if that fails.
    [[nodiscard]] std::optional<loan_type> loan(std::size_t size, std::error_code& code) noexcept requires Waits
        && sized_loans {
        return reported(code, [&] { return loan_by(os::deadline::never(), size); });
    }
    /// The same, if there is one at once.
    [[nodiscard]] std::optional<loan_type> try_loan(std::size_t size) requires sized_loans {
        const transport::attempting only{usable().context()};
        return attempt_loan(needed(size));
    }
    /// The twin that reports through `code`.
    [[nodiscard]] std::optional<loan_type> try_loan(std::size_t size,
                                                    std::error_code& code) noexcept requires sized_loans {
        return reported(code, [&] { return try_loan(size); });
    }

    /// Sends what was written into a loan. `zero` waits here for a receiver, and `map` for room in the link: a loan of
    /// it is a block, and not yet a place. (Nonblocking, with `map`: `try_send`. In memory the loan of a small message
    /// of `adaptive` has its place, and neither waits nor is refused.)
    void send(loan_type&& written) requires in_place &&(Waits || !late_loans) {
        auto* core = written.surrender();
        if (core == nullptr) {
            throw_loan_gone();
        }
        if constexpr (late_loans) {
            dropping unsent{core};
            unsent.sent = core->sender().send_loan(core->context(), os::deadline::never());
        } else {
            static_cast<void>(core->sender().send_loan(core->context(), os::deadline::never()));
        }
    }

    /// With `map`: sends what was written into a loan if there is room at once. If not, false, and the loan is as
    /// before.
    [[nodiscard]] bool try_send(loan_type& written) requires late_loans {
        auto* core = written.core();
        if (core == nullptr) {
            throw_loan_gone();
        }
        const transport::attempting only{core->context()};
        const bool sent = core->sender().send_loan(core->context(), os::deadline::at(os::clock::time_point::min()));
        if (sent) {
            static_cast<void>(written.surrender());
        }
        return sent;
    }
    /// The twin that reports through `code`.
    [[nodiscard]] bool try_send(loan_type& written, std::error_code& code) noexcept requires late_loans {
        return reported(code, [&] { return try_send(written); });
    }

    /// The twin that reports through `code`. Whether it was sent.
    bool send(loan_type&& written, std::error_code& code) noexcept requires in_place &&(Waits || !late_loans) {
        return reported(code, [&] {
            send(std::move(written));
            return true;
        });
    }

protected:
    void send_all(std::span<const Message> batch, std::size_t& sent) {
        if constexpr (Waits) {
            while (sent < batch.size()) {
                const auto now = attempt(batch.subspan(sent));
                sent += now;
                if (now == 0) {
                    send(batch[sent]);
                    ++sent;
                }
            }
        } else {
            sent = try_send(batch);
        }
    }

    [[nodiscard, gnu::noinline]] bool send_by(const Message& content, os::deadline until) {
        auto& core = usable();
        return core.sender().push_until(core.context(), content, until);
    }

    template <class... Size>
    [[nodiscard]] std::optional<loan_type> loan_by(os::deadline until, Size... size) {
        auto& core = usable();
        return lent(core, slot_by(core, until, needed(size)...));
    }

private:
    template <class End>
    friend class rounds_detail::round_writer;  // waits until a point in time, as this does

    /// One attempt, be it all or a part of a call that waits.
    [[nodiscard, gnu::always_inline]] bool attempt(const Message& content) {
        auto& core = usable();
        return core.sender().try_push(core.context(), content);
    }
    [[nodiscard]] std::size_t attempt(std::span<const Message> batch) {
        auto& core = usable();
        return transport::told_by_success(core.context(),
                                          [&] { return core.sender().try_push_some(core.context(), batch); });
    }
    template <class... Size>
    [[nodiscard]] std::optional<loan_type> attempt_loan(Size... size) {
        auto& core = usable();
        return lent(core, core.sender().try_loan(core.context(), size...));
    }

    [[nodiscard]] static std::optional<loan_type> lent(Core& core, std::byte* slot) {
        return slot == nullptr ? std::nullopt : std::optional<loan_type>(std::in_place, core, slot);
    }

    /// The slot alone, and not a loan in an optional: g++ would move that by way of memory, and wait there for every
    /// earlier store, that of the last message included.
    template <class... Size>
    [[nodiscard]] static std::byte* slot_by(Core& core, os::deadline until, Size... size) {
        return os::keep_trying(
            until, [&] { return core.sender().try_loan(core.context(), size...); },
            [&] { return core.sender().wait(core.context(), until); });
    }

    /// In a rendezvous an attempt is another thing than a wait that ends at once.
    static constexpr bool has_attempt = !std::remove_cvref_t<decltype(std::declval<Core&>().sender())>::rendezvous;

    [[nodiscard, gnu::always_inline]] Core& usable() {
        Core& core = static_cast<Derived&>(*this).core();
        if (core.context().loan_out) [[unlikely]] {
            throw_loan_out();
        }
        return core;
    }

    /// A loan that could not be sent is let go.
    struct dropping {
        Core* core;
        bool sent = false;
        ~dropping() {
            if (!sent) {
                core->sender().drop_loan(core->context());
            }
        }
    };

    /// Bytes of a slot for so many bytes of a message.
    [[nodiscard]] static std::size_t needed(std::size_t size) requires sized_loans {
        if (size > Message::max_size) {
            throw_error(errc::message_too_large, "a loan of " + std::to_string(size) +
                                                     " bytes was asked for, and a "
                                                     "message has at most " +
                                                     std::to_string(Message::max_size));
        }
        return message::wire_detail::header_size + size;
    }

    [[noreturn, gnu::cold, gnu::noinline]] static void throw_loan_gone() {
        throw_error(errc::bad_state, "this loan has been sent already, or was moved from");
    }

    [[noreturn, gnu::cold, gnu::noinline]] static void throw_loan_out() {
        throw_error(errc::bad_state, "a loan of this sender is out; send it or let it go before the next message");
    }
};

}  // namespace parley::channel_detail
