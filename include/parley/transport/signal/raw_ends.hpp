#pragma once

#include <array>
#include <atomic>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <ctime>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <sys/signalfd.h>
#include <sys/types.h>
#include <unistd.h>

#include <parley/message/wire.hpp>
#include <parley/os/clock.hpp>
#include <parley/os/descriptor.hpp>
#include <parley/os/error.hpp>
#include <parley/os/poll.hpp>
#include <parley/segment/segment.hpp>
#include <parley/synchronization/concept.hpp>
#include <parley/transport/batch.hpp>
#include <parley/transport/copying_context.hpp>
#include <parley/transport/queue/engine.hpp>
#include <parley/transport/signal/mask.hpp>
#include <parley/transport/signal/number.hpp>
#include <parley/transport/signal/recipient.hpp>
#include <parley/wait/parking_lot.hpp>

/// Real-time signals with `raw`: nothing but signals and their values, between any programs.
///
/// The receiver is a port whose name is the signal, "SIGRTMIN+6" or "40": it receives what anybody sends to its
/// process, by sigqueue(3) with a value, by kill(1) with the value 0. The sender's name for it is the process and the
/// signal, "1234:SIGRTMIN+6"; the process may be any that awaits the signal, and one that does not is ended by it.

namespace parley::transport::signal {

/// That a signal has one receiver in this process.
class number_claim {
public:
    explicit number_claim(int number) : bit_(std::uint64_t{1} << (number - SIGRTMIN)) {
        auto before = claims.load(std::memory_order_relaxed);
        do {
            if (number == number_of_links() || (of_this_process(before) & bit_) != 0) {
                throw_error(errc::in_use, "receiving " + text_of(number) + ": " +
                                              (number == number_of_links() ? "direct links use that signal"
                                                                           : "this process has a receiver of it") +
                                              "; choose another");
            }
        } while (!claims.compare_exchange_weak(before, of_this_process(before) | bit_, std::memory_order_relaxed));
    }
    number_claim(const number_claim&) = delete;
    number_claim& operator=(const number_claim&) = delete;
    ~number_claim() {
        auto before = claims.load(std::memory_order_relaxed);
        while (!claims.compare_exchange_weak(before, of_this_process(before) & ~bit_, std::memory_order_relaxed)) {
        }
    }

private:
    /// The process in the upper half, a bit for each signal in the lower one. A forked process has claimed nothing yet.
    [[nodiscard]] static std::uint64_t of_this_process(std::uint64_t word) noexcept {
        const auto own = static_cast<std::uint64_t>(::getpid()) << 32;
        return (word >> 32) == (own >> 32) ? word : own;
    }

    static inline constinit std::atomic<std::uint64_t> claims{0};

    std::uint64_t bit_;
};

/// The algorithm of a raw sender (transport/link.hpp).
template <class Message, class Side>
class raw_sender {
public:
    static constexpr bool rendezvous = false;

    raw_sender(recipient&& to, int number) noexcept : to_(std::move(to)), number_(number) {}

    [[nodiscard]] bool try_push(copying_context&, const Message& content) {
        if (++attempts_ % attempts_per_look == 0) {
            look();
        }
        std::int32_t value = 0;
        std::memcpy(&value, static_cast<const void*>(std::addressof(content)), sizeof content);
        ::sigval carried{};
        carried.sival_int = value;
        switch (to_.queue(number_, carried)) {
            case recipient::outcome::queued:
                return true;
            case recipient::outcome::gone:
                throw_gone();
            case recipient::outcome::full:
                break;
        }
        look();
        return false;
    }

    [[nodiscard]] bool push_until(copying_context& context, const Message& content, os::deadline until) {
        return os::keep_trying(
            until, [&] { return try_push(context, content); }, [&] { return wait(context, until); });
    }

    [[nodiscard]] std::size_t try_push_some(copying_context& context, std::span<const Message> batch) {
        return push_one_by_one(batch, [&](const Message& each) { return try_push(context, each); });
    }

    /// Nobody tells a sender of room: it tries again after a moment.
    [[nodiscard]] bool wait(copying_context&, os::deadline until) {
        if constexpr (Side::waits) {
            if (until.passed()) {
                return false;
            }
            if constexpr (Side::strategy::sleeps) {
                static_cast<void>(os::poll_for(to_.handle(), POLLIN, until.left(std::chrono::milliseconds(1))));
            } else {
                ::sched_yield();
            }
            look();
            return true;
        } else {
            return false;
        }
    }

private:
    static constexpr unsigned attempts_per_look = 64;

    /// A process that has ended keeps its queue until its parent has asked how (wait(2)).
    void look() const {
        if (os::is_ready(to_.handle(), POLLIN)) {
            throw_gone();
        }
    }
    [[noreturn, gnu::cold, gnu::noinline]] void throw_gone() const {
        throw_error(errc::closed, "sending " + text_of(number_) + ": the process has ended; open its successor");
    }

    recipient to_;
    int number_;
    unsigned attempts_ = 0;
};

/// The algorithm of a raw receiver.
template <class Message, class Side>
class raw_receiver {
public:
    explicit raw_receiver(int number) : claim_(number) {
        claim(number);
        ::sigset_t one;
        ::sigemptyset(&one);
        ::sigaddset(&one, number);
        signals_ = os::descriptor{::signalfd(-1, &one, SFD_CLOEXEC | SFD_NONBLOCK)};
        if (!signals_) {
            os::throw_system(errno, "opening a signalfd for " + text_of(number),
                             "raise the limit of open files (ulimit -n)");
        }
    }

    [[nodiscard]] std::optional<Message> try_pop(copying_context&) {
        ::signalfd_siginfo info;
        const auto size = os::uninterrupted([&] { return ::read(signals_.get(), &info, sizeof info); });
        if (size != static_cast<::ssize_t>(sizeof info)) {
            return std::nullopt;
        }
        alignas(Message) std::array<std::byte, sizeof info.ssi_int> value;
        std::memcpy(value.data(), &info.ssi_int, value.size());
        return message::wire<Message>::read(value.data());
    }

    [[nodiscard]] std::optional<Message> pop_until(copying_context& context, os::deadline until) {
        return os::keep_trying(
            until, [&] { return try_pop(context); }, [&] { return wait(context, until); });
    }

    [[nodiscard]] std::size_t try_pop_some(copying_context& context, std::span<Message> batch) {
        return pop_one_by_one(batch, [&] { return try_pop(context); });
    }

    [[nodiscard]] bool wait(copying_context&, os::deadline until) {
        if constexpr (Side::waits) {
            queue::kernel_lot<Side> lot{signals_.get(), POLLIN};
            bool slept = false;
            return waiting::wait_until(
                lot, 0, until, [this] { return os::is_ready(signals_.get(), POLLIN); }, [] {}, slept,
                queue::looks_before_poll);
        } else {
            return false;
        }
    }

    [[nodiscard]] int handle() const noexcept { return signals_.get(); }

private:
    number_claim claim_;
    os::descriptor signals_;
};

template <class C>
class raw_sending_end {
    using engine = raw_sender<typename C::message, typename C::template word<synchronization_axis>::sender_side>;

public:
    using message_type = typename C::message;

    class core {
    public:
        static constexpr bool in_place = false;

        core(recipient&& to, int number) noexcept : sender_(std::move(to), number) {}

        [[nodiscard]] copying_context& context() noexcept { return context_; }
        [[nodiscard]] engine& sender() noexcept { return sender_; }

    private:
        copying_context context_;
        engine sender_;
    };

    /// Finds the process; waits for it as long as the request says.
    [[nodiscard]] static raw_sending_end open(const segment::attachment_request& request) {
        const auto colon = request.name.find(':');
        const auto process = parse_count(request.name.substr(0, colon));
        const auto number = parse_number(colon == std::string_view::npos ? "" : request.name.substr(colon + 1));
        if (!process || *process == 0 || !number) {
            throw_error(errc::invalid_name, "the name '" + std::string(request.name) +
                                                "' says no process and real-time signal: write the process's number, "
                                                "a colon and the signal, such as 1234:SIGRTMIN+6 or 1234:40");
        }
        for (;;) {
            if (auto to = recipient::find(*process)) {
                raw_sending_end result;
                result.core_ = std::make_unique<core>(std::move(*to), *number);
                return result;
            }
            if (request.give_up.passed()) {
                throw_error(errc::not_found, "opening " + std::string(request.name) + ": there is no such process");
            }
            constexpr timespec pause{0, 1'000'000};
            ::nanosleep(&pause, nullptr);
        }
    }

    /// There is nothing to take away.
    static bool remove(std::string_view) noexcept { return false; }

    [[nodiscard]] core* get() const noexcept { return core_.get(); }

private:
    std::unique_ptr<core> core_;
};

template <class C>
class raw_receiving_end {
    using engine = raw_receiver<typename C::message, typename C::template word<synchronization_axis>::receiver_side>;

public:
    using message_type = typename C::message;

    class core {
    public:
        static constexpr bool in_place = false;

        explicit core(int number) : receiver_(number) {}

        [[nodiscard]] copying_context& context() noexcept { return context_; }
        [[nodiscard]] engine& receiver() noexcept { return receiver_; }
        [[nodiscard]] int native_handle() const noexcept { return receiver_.handle(); }

    private:
        copying_context context_;
        engine receiver_;
    };

    [[nodiscard]] static raw_receiving_end open(const segment::attachment_request& request) {
        const auto number = parse_number(request.name);
        if (!number) {
            throw_error(errc::invalid_name, "the name '" + std::string(request.name) +
                                                "' says no real-time signal: write SIGRTMIN+6 or its number, from " +
                                                std::to_string(SIGRTMIN) + " to " + std::to_string(SIGRTMAX));
        }
        raw_receiving_end result;
        result.core_ = std::make_unique<core>(*number);
        return result;
    }

    [[nodiscard]] core* get() const noexcept { return core_.get(); }

private:
    std::unique_ptr<core> core_;
};

}  // namespace parley::transport::signal
