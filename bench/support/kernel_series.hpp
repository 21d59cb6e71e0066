#pragma once

#include "../reference/system_calls/by_hand.hpp"
#include "latency.hpp"
#include "message.hpp"
#include "parley_ends.hpp"
#include "ping_pong.hpp"
#include "stream.hpp"
#include "suite.hpp"

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

/// A transport of the kernel beside the same system calls written by hand, in two shapes: to and fro, and one way.

namespace bench {

inline constexpr std::uint64_t trips_per_group = 5;  // each takes a microsecond at least
inline constexpr double ping_pong_seconds = 0.01;
inline constexpr double latency_seconds = 0.03;
inline constexpr double sleeping_seconds = 0.1;
inline constexpr double usual_stream_seconds = 0.02;
inline constexpr std::uint32_t rounds_between = 5;

enum class shape { to_and_fro, one_way };

/// How two processes meet over a transport: on a direct link, by their names or, without names, over a pair.
template <class Message, class Transport, class Buffering>
using link_of = parley::channel<Message, Transport, parley::direct, Buffering>;
template <class C>
using meeting_of = std::conditional_t<C::transport::capabilities.named, direct_pair<C>, anonymous_pair<C>>;

/// The bytes alone, as the kernel carries them. What framing adds is a header: who sent it, which it is, of what kind.
template <class Message, class Transport, class Buffering>
using raw_port_of = parley::channel<Message, Transport, parley::port, parley::raw, Buffering>;

/// All series and bars of one transport, for messages of one size.
///
/// `Kernel` is the reference, with room for `Capacity` messages where it can be told; parley's base is what asks for no
/// more than that: `bounded<Capacity>` where the kernel itself counts messages or has no bound of its own, else
/// `bounded_by_kernel`.
template <class Transport, class Kernel, class Message, std::size_t Capacity>
class comparison {
    template <class... Words>
    static constexpr bool composes = parley::composable<Message, Transport, parley::direct, Words...>;
    static constexpr bool bound_is_in_bytes =
        composes<parley::bounded_by_kernel> && !Transport::capabilities.exact_capacity;
    using base = std::conditional_t<bound_is_in_bytes, parley::bounded_by_kernel, parley::bounded<Capacity>>;
    using natural = typename parley::channel<Message, Transport, parley::direct>::buffering;
    using bounded = std::conditional_t<bound_is_in_bytes, natural, base>;

public:
    comparison(suite& measured, std::string transport, double stream_seconds = usual_stream_seconds)
        : measured_(measured), transport_(std::move(transport)), stream_seconds_(stream_seconds) {}

    /// By hand and by parley.
    void add() {
        add_framed_bars();
        add_raw_bars(transport_);
    }

    /// The same where the bytes alone go by other system calls: what those cost is told.
    template <class RawKernel>
    void add(const std::string& raw_reference) {
        add_framed_bars();
        add_price_of_calls<shape::to_and_fro, RawKernel>(raw_reference);
        add_price_of_calls<shape::one_way, RawKernel>(raw_reference);
        add_raw_bars(raw_reference);
    }

    /// How latencies are distributed.
    void add_latency() {
        add_latency<reference::by_hand<Kernel, Message, reference::blocking_calls, Capacity>>("by_hand.blocking." +
                                                                                              transport_);
        add_latency<reference::by_hand<Kernel, Message, reference::polling_calls, Capacity>>("by_hand.polling." +
                                                                                             transport_);
        add_latency<meeting_of<link_of<Message, Transport, base>>>(transport_);
    }

    /// The same where the receiver is asleep.
    void add_sleeping_latency() {
        add_sleeping_latency<reference::by_hand<Kernel, Message, reference::blocking_calls, Capacity>>(
            "by_hand.blocking." + transport_);
        add_sleeping_latency<meeting_of<link_of<Message, Transport, base>>>(transport_);
    }

    /// What it costs to have the bound in messages where the kernel has it in bytes.
    void add_price_of_credits() {
        if constexpr (bound_is_in_bytes) {
            add_price<bounded, base>();
        }
    }

    /// What it costs to hand over in person, or never to wait.
    void add_price_of_other_bufferings() {
        if constexpr (composes<parley::zero>) {
            add_price<parley::zero, bounded>();
        }
        if constexpr (composes<parley::unbounded>) {
            add_price<parley::unbounded, bounded>();
        }
    }

    /// What it costs that the system calls are these, and not those of another reference that promises less.
    template <class Simpler>
    void add_price_over(const std::string& name) {
        add_price_over<shape::to_and_fro, Simpler>(name);
        add_price_over<shape::one_way, Simpler>(name);
    }

private:
    template <shape Shape>
    [[nodiscard]] std::string what() const {
        return (Shape == shape::to_and_fro ? "ping_pong" : "stream") + in_bytes<Message>();
    }
    template <shape Shape, class Buffering>
    [[nodiscard]] std::string name_of() const {
        return transport_ + "." + std::string(std::string_view(Buffering::name)) + "/" + what<Shape>();
    }

    template <class Setup>
    void add_latency(const std::string& who) {
        measured_.add(who + "/latency" + in_bytes<Message>(), unit::nanoseconds, 2'000, latency<Setup>, latency_seconds,
                      rounds_between);
    }
    template <class Setup>
    void add_sleeping_latency(const std::string& who) {
        measured_.add(who + "/sleeping_latency" + in_bytes<Message>(), unit::nanoseconds, 1'000,
                      sleeping_ping_pong<Setup>, sleeping_seconds, rounds_between);
    }

    void add_framed_bars() {
        add_bar<shape::to_and_fro>(bar::direction::at_most, 1.1);
        add_bar<shape::one_way>(bar::direction::at_least, 0.9);
    }
    void add_raw_bars(const std::string& reference) {
        if constexpr (parley::composable<Message, Transport, parley::port, parley::raw, base>) {
            using port = raw_port_of<Message, Transport, base>;
            add_raw_bar<shape::to_and_fro, two_ways<port>>(reference, bar::direction::at_most, 1.1);
            add_raw_bar<shape::one_way, port_stream<port>>(reference, bar::direction::at_least, 0.9);
        }
    }
    template <shape Shape, class RawKernel>
    void add_price_of_calls(const std::string& name) {
        const auto with = add_references<Shape, RawKernel>(name);
        measured_.add({name + " over " + transport_ + ", by hand, " + what<Shape>(),
                       with.back(),
                       {names_of_references<Shape>(transport_).back()},
                       bar::direction::told,
                       0});
    }

    template <shape Shape>
    void add_bar(bar::direction wanted, double limit) {
        const auto references = add_references<Shape, Kernel>(transport_);
        add_parley<Shape, base>();
        measured_.add({transport_ + " " + what<Shape>(), name_of<Shape, base>(), references, wanted, limit});
    }

    /// After the series of that reference.
    template <shape Shape, class Setup>
    void add_raw_bar(const std::string& reference, bar::direction wanted, double limit) {
        const auto name = transport_ + ".raw/" + what<Shape>();
        add_series<Shape, Setup>(name);
        measured_.add(
            {transport_ + " raw " + what<Shape>(), name, names_of_references<Shape>(reference), wanted, limit});
    }

    template <shape Shape>
    [[nodiscard]] std::vector<std::string> names_of_references(const std::string& name) const {
        return {"by_hand.blocking." + name + "/" + what<Shape>(), "by_hand.polling." + name + "/" + what<Shape>()};
    }

    /// Both ways to wait; their names.
    template <shape Shape, class Calls>
    std::vector<std::string> add_references(const std::string& name) {
        auto names = names_of_references<Shape>(name);
        add_series<Shape, reference::by_hand<Calls, Message, reference::blocking_calls, Capacity>>(names[0]);
        add_series<Shape, reference::by_hand<Calls, Message, reference::polling_calls, Capacity>>(names[1]);
        return names;
    }

    template <shape Shape, class Simpler>
    void add_price_over(const std::string& name) {
        const auto references = add_references<Shape, Simpler>(name);
        measured_.add({transport_ + " over " + name + " " + what<Shape>(), name_of<Shape, base>(), references,
                       bar::direction::told, 0});
    }

    template <class With, class Without>
    void add_price() {
        add_price<shape::to_and_fro, With, Without>();
        add_price<shape::one_way, With, Without>();
    }
    template <shape Shape, class With, class Without>
    void add_price() {
        add_parley<Shape, With>();
        const auto title = std::string(std::string_view(With::name)) + ", " + transport_ + " " + what<Shape>();
        measured_.add({title, name_of<Shape, With>(), {name_of<Shape, Without>()}, bar::direction::told, 0});
    }

    template <shape Shape, class Buffering>
    void add_parley() {
        add_series<Shape, meeting_of<link_of<Message, Transport, Buffering>>>(name_of<Shape, Buffering>());
    }

    template <shape Shape, class Setup>
    void add_series(std::string name) {
        if constexpr (Shape == shape::to_and_fro) {
            measured_.add(std::move(name), unit::nanoseconds, 400, ping_pong<Setup, trips_per_group>, ping_pong_seconds,
                          rounds_between);
        } else {
            measured_.add(
                std::move(name), unit::messages_per_second, 1'000,
                [](std::uint64_t messages) { return stream<Setup, false>({}, messages); }, stream_seconds_,
                rounds_between);
        }
    }

    suite& measured_;
    std::string transport_;
    double stream_seconds_;
};

inline constexpr std::size_t on_their_way = 2;  // never more than one of them

/// The latencies of a transport for messages of several sizes.
template <class Transport, class Kernel, std::size_t... Sizes>
void add_latencies_of_sizes(suite& measured, const std::string& transport) {
    (comparison<Transport, Kernel, message_of<Sizes>, on_their_way>(measured, transport).add_latency(), ...);
}

/// The same, and those of small ones, also where the receiver sleeps.
template <class Transport, class Kernel, std::size_t... Sizes>
void add_latencies_over(suite& measured, const std::string& transport) {
    comparison<Transport, Kernel, message, on_their_way> small_messages(measured, transport);
    small_messages.add_latency();
    small_messages.add_sleeping_latency();
    add_latencies_of_sizes<Transport, Kernel, Sizes...>(measured, transport);
}

}  // namespace bench
