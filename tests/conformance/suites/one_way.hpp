#pragma once

#include <array>
#include <atomic>
#include <chrono>
#include <csignal>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <system_error>
#include <vector>

#include <signal.h>

#include "conformance/check.hpp"
#include "conformance/venue.hpp"

/// What holds for every composition, between one sender and one receiver. The file that includes this says over which
/// list, as `conformance::here`.

namespace parley::conformance {

/// The deadlines of one side: none of them may wait longer than it says, all of them say false or none at the end.
template <class Attempt>
void every_deadline_passes(Attempt attempt) {
    const auto steady = std::chrono::steady_clock::now();
    PARLEY_REQUIRE(!attempt.within(short_wait));
    PARLEY_REQUIRE(std::chrono::steady_clock::now() - steady >= short_wait);
    PARLEY_REQUIRE(!attempt.within(0ms));
    PARLEY_REQUIRE(!attempt.within(-1h));
    PARLEY_REQUIRE(!attempt.within(std::chrono::duration<double, std::micro>{-0.5}));
    const auto steady_end = std::chrono::steady_clock::now() + short_wait;
    PARLEY_REQUIRE(!attempt.by(steady_end));
    PARLEY_REQUIRE(std::chrono::steady_clock::now() >= steady_end);
    PARLEY_REQUIRE(!attempt.by(std::chrono::system_clock::now() + short_wait));
    PARLEY_REQUIRE(!attempt.by(std::chrono::steady_clock::now() - 1h));
    PARLEY_REQUIRE(!attempt.by(std::chrono::system_clock::now() - 24h));
    PARLEY_REQUIRE(!attempt.by(std::chrono::system_clock::time_point{}));
    PARLEY_REQUIRE(!attempt.by(std::chrono::steady_clock::time_point::min()));
}

template <class Out>
struct sending_attempt {
    Out& out;
    const item& message;
    bool within(auto duration) {
        std::error_code code = errc::system;
        const bool twin = out.send_for(message, duration, code);
        PARLEY_REQUIRE(!code);
        return twin || out.send_for(message, duration);
    }
    bool by(auto when) {
        std::error_code code = errc::system;
        const bool twin = out.send_until(message, when, code);
        PARLEY_REQUIRE(!code);
        return twin || out.send_until(message, when);
    }
};

template <class In>
struct receiving_attempt {
    In& in;
    bool within(auto duration) {
        std::error_code code = errc::system;
        const bool twin = in.receive_for(duration, code).has_value();
        PARLEY_REQUIRE(!code);
        return twin || in.receive_for(duration).has_value();
    }
    bool by(auto when) {
        std::error_code code = errc::system;
        const bool twin = in.receive_until(when, code).has_value();
        PARLEY_REQUIRE(!code);
        return twin || in.receive_until(when).has_value();
    }
};

TEMPLATE_LIST_TEST_CASE("messages of one sender arrive whole, in order, none lost or doubled", "", here) {
    using C = TestType;
    const about composition{C::describe()};
    constexpr std::uint32_t count = rendezvous<C> || buffering_of<C>::capacity < 1024 ? 2000 : 20000;
    venue<C> place;
    auto in = place.receiver();
    child sender{"sender", [&] {
                     auto out = place.sender();
                     for (std::uint32_t number = 0; number < count; ++number) {
                         put(*out, item::make(7, number));
                     }
                 }};
    for (std::uint32_t number = 0; number < count; ++number) {
        const item message = get(*in);
        PARLEY_REQUIRE(message.sound());
        PARLEY_REQUIRE(message.from == 7);
        PARLEY_REQUIRE(message.number == number);
    }
    PARLEY_REQUIRE(sender.join_ok());
    PARLEY_REQUIRE(is_drained(*in));
}

TEMPLATE_LIST_TEST_CASE("the buffer holds exactly what it says", "", here) {
    using C = TestType;
    const about composition{C::describe()};
    venue<C> place;

    if constexpr (rendezvous<C>) {
        // Nothing is in the link unless a receiver has committed to take it.
        auto in = place.receiver();
        auto out = place.sender();
        PARLEY_REQUIRE(!out->try_send(item::make(1, 0)));
        if constexpr (sender_waits<C>) {
            PARLEY_REQUIRE(!out->send_for(item::make(1, 0), short_wait));
        } else {
            PARLEY_REQUIRE(!out->send(item::make(1, 0)));
        }
        PARLEY_REQUIRE(!in->try_receive());
        if constexpr (receiver_waits<C>) {
            PARLEY_REQUIRE(!in->receive_for(short_wait));
        }
        PARLEY_REQUIRE(!out->try_send(item::make(1, 0)));  // the receiver waits no longer
    } else if constexpr (unlimited<C>) {
        // The sender never waits; what was sent is there; and the memory is given back.
        constexpr std::uint32_t count = backlog<C>;
        auto in = place.receiver();
        std::size_t empty = 0;
        std::size_t full = 0;
        constexpr bool in_memory = C::transport::capabilities.in_place;
        constexpr bool measurable = in_memory && !std::is_same_v<typename C::transport, sysv_shm>;
        steps step;
        child sender{"sender", [&] {
                         auto out = place.sender();
                         for (std::uint32_t number = 0; number < count; ++number) {
                             PARLEY_CHECK_IN_CHILD(out->try_send(item::make(1, number)));
                         }
                         step.reach(1);
                     }};
        PARLEY_REQUIRE(step.await(1));
        if constexpr (in_memory) {  // elsewhere the sender stays until the kernel has taken the rest from it
            PARLEY_REQUIRE(sender.join_ok());
        }
        if constexpr (measurable) {
            full = place.memory();
            PARLEY_REQUIRE(full >= count * sizeof(item));
        }
        for (std::uint32_t number = 0; number < count; ++number) {
            const auto message = in_memory ? in->try_receive() : std::optional<item>(get(*in));
            PARLEY_REQUIRE(message);
            PARLEY_REQUIRE(message->sound());
            PARLEY_REQUIRE(message->number == number);
        }
        PARLEY_REQUIRE(is_drained(*in));
        if constexpr (measurable) {
            empty = place.memory();
            PARLEY_REQUIRE(empty < full - full / 4);
        }
    } else {
        constexpr auto capacity = static_cast<std::uint32_t>(buffering_of<C>::capacity);
        auto in = place.receiver();
        steps step;
        shared<std::atomic<std::uint32_t>> accepted{0U};
        child sender{"sender", [&] {
                         auto out = place.sender();
                         std::uint32_t number = 0;
                         const auto fill = [&] {
                             while (out->try_send(item::make(1, number))) {
                                 ++number;
                             }
                             if constexpr (sender_waits<C>) {
                                 PARLEY_CHECK_IN_CHILD(!out->send_for(item::make(1, number), short_wait));
                             } else {
                                 PARLEY_CHECK_IN_CHILD(!out->send(item::make(1, number)));
                             }
                             accepted->store(number);
                         };
                         fill();
                         for (int round = 1; round <= 5; ++round) {
                             step.reach(2 * round - 1);
                             PARLEY_CHECK_IN_CHILD(step.await(2 * round));
                             fill();
                         }
                         step.reach(11);
                     }};
        for (int round = 1; round <= 5; ++round) {
            PARLEY_REQUIRE(step.await(2 * round - 1));
            PARLEY_REQUIRE(accepted->load() == capacity + static_cast<std::uint32_t>(round - 1));
            const item message = get(*in);
            PARLEY_REQUIRE(message.number == static_cast<std::uint32_t>(round - 1));
            step.reach(2 * round);
        }
        PARLEY_REQUIRE(step.await(11));
        PARLEY_REQUIRE(accepted->load() == capacity + 5);
        PARLEY_REQUIRE(sender.join_ok());
        // What was accepted is there although its sender is not any more.
        for (std::uint32_t number = 5; number < capacity + 5; ++number) {
            const auto message = in->try_receive();
            if (pairwise<C> && !message) {
                FAIL("a message of a peer that left is missing");
            }
            PARLEY_REQUIRE(message);
            PARLEY_REQUIRE(message->number == number);
        }
    }
}

TEMPLATE_LIST_TEST_CASE("a blocking send waits, asleep, until the message is accepted or received", "", here) {
    using C = TestType;
    const about composition{C::describe()};
    if constexpr (sender_waits<C> && !unlimited<C>) {
        constexpr std::uint32_t room = rendezvous<C> ? 0 : static_cast<std::uint32_t>(buffering_of<C>::capacity);
        venue<C> place;
        auto in = place.receiver();
        steps sent;
        child sender{"sender", [&] {
                         auto out = place.sender();
                         for (std::uint32_t number = 0; number < room; ++number) {
                             out->send(item::make(1, number));
                         }
                         for (std::uint32_t number = room; number < room + 3; ++number) {
                             sent.advance();  // odd: about to send what has no room
                             out->send(item::make(1, number));
                             sent.advance();
                         }
                     }};
        for (std::uint32_t number = 0; number < 3; ++number) {
            const auto waiting = static_cast<int>(2 * number + 1);
            PARLEY_REQUIRE(sent.await(waiting));
            if constexpr (sender_sleeps<C>) {
                PARLEY_REQUIRE(eventually([&] { return is_asleep(sender.pid()); }));
            }
            PARLEY_REQUIRE(sent.at() == waiting);
            PARLEY_REQUIRE(get(*in).number == number);
            PARLEY_REQUIRE(sent.await(waiting + 1));
        }
        PARLEY_REQUIRE(sender.join_ok());
    } else {
        SUCCEED("this sender never waits");
    }
}

TEMPLATE_LIST_TEST_CASE("a blocking receive waits, asleep, until a message is there", "", here) {
    using C = TestType;
    const about composition{C::describe()};
    if constexpr (receiver_waits<C>) {
        venue<C> place;
        steps received;
        child receiver{"receiver", [&] {
                           auto in = place.receiver();
                           received.advance();
                           for (std::uint32_t number = 0; number < 3; ++number) {
                               PARLEY_CHECK_IN_CHILD(in->receive().number == number);
                               received.advance();
                           }
                       }};
        PARLEY_REQUIRE(received.await(1));
        auto sender = place.sender();
        for (std::uint32_t number = 0; number < 3; ++number) {
            const auto waiting = static_cast<int>(number + 1);
            if constexpr (receiver_sleeps<C>) {
                PARLEY_REQUIRE(eventually([&] { return is_asleep(receiver.pid()); }));
            }
            PARLEY_REQUIRE(received.at() == waiting);
            put(*sender, item::make(1, number));
            PARLEY_REQUIRE(received.await(waiting + 1));
        }
        PARLEY_REQUIRE(receiver.join_ok());
    } else {
        venue<C> place;
        auto in = place.receiver();
        PARLEY_REQUIRE(!in->receive());
        PARLEY_REQUIRE(!in->try_receive());
        std::error_code code = errc::system;
        PARLEY_REQUIRE(!in->receive(code));
        PARLEY_REQUIRE(!code);
    }
}

TEMPLATE_LIST_TEST_CASE("a deadline ends a wait, whatever its clock, and one in the past does not wait", "", here) {
    using C = TestType;
    const about composition{C::describe()};
    venue<C> place;
    auto in = place.receiver();
    auto out = place.sender();
    if constexpr (receiver_waits<C>) {
        every_deadline_passes(receiving_attempt<std::remove_reference_t<decltype(*in)>>{*in});
    }
    if constexpr (!unlimited<C>) {
        std::uint32_t number = 0;
        while (out->try_send(item::make(1, number))) {
            ++number;
        }
        if constexpr (sender_waits<C>) {
            const item message = item::make(1, number);
            every_deadline_passes(sending_attempt<std::remove_reference_t<decltype(*out)>>{*out, message});
        }
        for (std::uint32_t expected = 0; expected < number; ++expected) {
            PARLEY_REQUIRE(in->try_receive().value().number ==
                           expected);  // and the failed attempts left nothing behind
        }
        PARLEY_REQUIRE(!in->try_receive());
    }
    if constexpr (!rendezvous<C>) {
        // What can be done at once is done, however old the deadline.
        if constexpr (sender_waits<C>) {
            PARLEY_REQUIRE(out->send_for(item::make(1, 1), -1s));
            PARLEY_REQUIRE(out->send_until(item::make(1, 2), std::chrono::system_clock::time_point{}) ==
                           (buffering_of<C>::capacity > 1));
        } else {
            PARLEY_REQUIRE(out->send(item::make(1, 1)));
            PARLEY_REQUIRE(out->send(item::make(1, 2)) == (buffering_of<C>::capacity > 1));
        }
        if constexpr (receiver_waits<C>) {
            PARLEY_REQUIRE(in->receive_for(-1s).value().number == 1);
            PARLEY_REQUIRE(in->receive_until(std::chrono::steady_clock::time_point::min()).has_value() ==
                           (buffering_of<C>::capacity > 1));
        }
    }
}

TEMPLATE_LIST_TEST_CASE("a rendezvous brings one who waits together with one who does not", "", here) {
    using C = TestType;
    const about composition{C::describe()};
    if constexpr (rendezvous<C>) {
        constexpr std::uint32_t count = 50;
        if constexpr (receiver_waits<C>) {
            venue<C> place;
            std::optional<decltype(place.sender())> out;
            if constexpr (!C::addressing::owned) {
                out.emplace(place.sender());  // first, so that a mailbox with owner_lifetime belongs to this process
            }
            child receiver{"receiver", [&] {
                               auto in = place.receiver();
                               for (std::uint32_t number = 0; number < count; ++number) {
                                   PARLEY_CHECK_IN_CHILD(in->receive().number == number);
                               }
                           }};
            if (!out) {
                out.emplace(place.sender());
            }
            for (std::uint32_t number = 0; number < count; ++number) {
                PARLEY_REQUIRE(eventually([&] { return (*out)->try_send(item::make(1, number)); }));
            }
            PARLEY_REQUIRE(receiver.join_ok());
            if constexpr (!C::addressing::owned) {  // a port is gone with its receiver
                std::error_code code;
                PARLEY_REQUIRE(!(*out)->try_send(item::make(1, count), code));
                PARLEY_REQUIRE(!code || code == errc::closed);  // the receiver has gone, which may be known by now
            }
        }
        if constexpr (sender_waits<C>) {
            venue<C> place;
            auto in = place.receiver();
            child sender{"sender", [&] {
                             auto out = place.sender();
                             for (std::uint32_t number = 0; number < count; ++number) {
                                 out->send(item::make(1, number));
                             }
                         }};
            for (std::uint32_t number = 0; number < count; ++number) {
                std::optional<item> message;
                PARLEY_REQUIRE(eventually([&] { return (message = in->try_receive()).has_value(); }));
                PARLEY_REQUIRE(message->number == number);
            }
            PARLEY_REQUIRE(sender.join_ok());
            PARLEY_REQUIRE(is_drained(*in));
        }
    } else {
        SUCCEED("no rendezvous");
    }
}

TEMPLATE_LIST_TEST_CASE("a wait that a signal handler interrupts goes on", "", here) {
    using C = TestType;
    const about composition{C::describe()};
    constexpr int signals = 5;
    const auto bombard = [](child& target, const auto& handled) {
        for (int sent = 0; sent < signals; ++sent) {
            target.signal(SIGUSR1);
            PARLEY_REQUIRE(eventually([&] { return handled->load() > sent; }));
        }
    };
    if constexpr (receiver_waits<C>) {
        venue<C> place;
        steps ready;
        shared<std::atomic<int>> handled{0};
        child receiver{"receiver", [&] {
                           struct ::sigaction action {};
                           static auto* counter = &*handled;
                           action.sa_handler = [](int) { counter->fetch_add(1); };
                           ::sigaction(SIGUSR1, &action, nullptr);
                           auto in = place.receiver();
                           ready.reach(1);
                           PARLEY_CHECK_IN_CHILD(in->receive().number == 9);
                           std::error_code code;
                           ready.reach(2);
                           const auto second = in->receive(code);
                           PARLEY_CHECK_IN_CHILD(!code && second && second->number == 10);
                       }};
        PARLEY_REQUIRE(ready.await(1));
        auto out = place.sender();
        bombard(receiver, handled);
        PARLEY_REQUIRE(ready.at() == 1);
        put(*out, item::make(1, 9));
        PARLEY_REQUIRE(ready.await(2));
        handled->store(0);
        bombard(receiver, handled);
        put(*out, item::make(1, 10));
        PARLEY_REQUIRE(receiver.join_ok());
    }
    if constexpr (sender_waits<C> && !unlimited<C>) {
        venue<C> place;
        auto in = place.receiver();
        steps ready;
        shared<std::atomic<int>> handled{0};
        child sender{"sender", [&] {
                         struct ::sigaction action {};
                         static auto* counter = &*handled;
                         action.sa_handler = [](int) { counter->fetch_add(1); };
                         ::sigaction(SIGUSR1, &action, nullptr);
                         auto out = place.sender();
                         std::uint32_t number = 0;
                         while (out->try_send(item::make(1, number))) {
                             ++number;
                         }
                         ready.reach(1);
                         out->send(item::make(1, number));
                         ready.reach(2);
                     }};
        PARLEY_REQUIRE(ready.await(1));
        bombard(sender, handled);
        PARLEY_REQUIRE(ready.at() == 1);
        PARLEY_REQUIRE(get(*in).number == 0);
        PARLEY_REQUIRE(ready.await(2));
        PARLEY_REQUIRE(sender.join_ok());
    }
}

TEMPLATE_LIST_TEST_CASE("a batch is sent and received in order, round the end of the buffer and beyond its size", "",
                        here) {
    using C = TestType;
    const about composition{C::describe()};
    constexpr std::uint32_t count = 3000;
    venue<C> place;
    auto in = place.receiver();
    child sender{"sender", [&] {
                     auto out = place.sender();
                     std::vector<item> all;
                     for (std::uint32_t number = 0; number < count; ++number) {
                         all.push_back(item::make(3, number));
                     }
                     std::span<const item> rest{all};
                     for (std::size_t size = 1; !rest.empty(); size = size % 13 + 1) {
                         const auto batch = rest.first(std::min(size * (size == 13 ? 100 : 1), rest.size()));
                         const std::size_t sent = out->send(batch);
                         PARLEY_CHECK_IN_CHILD(sent <= batch.size());
                         if constexpr (sender_waits<C>) {
                             PARLEY_CHECK_IN_CHILD(sent == batch.size());
                         }
                         rest = rest.subspan(sent);
                     }
                     PARLEY_CHECK_IN_CHILD(out->send(std::span<const item>{}) == 0);
                     PARLEY_CHECK_IN_CHILD(out->try_send(std::span<const item>{}) == 0);
                 }};
    std::vector<item> batch(700);
    std::uint32_t number = 0;
    for (std::size_t size = 1; number < count; size = size % 700 + 17) {
        const auto room = std::span{batch}.first(std::min(size, batch.size()));
        const std::size_t received = in->receive(room);
        PARLEY_REQUIRE(received <= room.size());
        if constexpr (receiver_waits<C>) {
            PARLEY_REQUIRE(received > 0);
        }
        for (const auto& message : room.first(received)) {
            PARLEY_REQUIRE(message.sound());
            PARLEY_REQUIRE(message.number == number);
            ++number;
        }
    }
    PARLEY_REQUIRE(number == count);
    PARLEY_REQUIRE(in->receive(std::span<item>{}) == 0);
    std::error_code code;
    PARLEY_REQUIRE(in->try_receive(std::span{batch}, code) == 0);
    PARLEY_REQUIRE(!code || code == errc::closed);
    PARLEY_REQUIRE(sender.join_ok());
}

TEMPLATE_LIST_TEST_CASE("a batch that does not fit is accepted from the front", "", here) {
    using C = TestType;
    const about composition{C::describe()};
    if constexpr (!rendezvous<C> && !unlimited<C>) {
        constexpr auto capacity = static_cast<std::uint32_t>(buffering_of<C>::capacity);
        venue<C> place;
        auto in = place.receiver();
        auto out = place.sender();
        std::vector<item> batch;
        for (std::uint32_t number = 0; number < capacity + 2; ++number) {
            batch.push_back(item::make(3, number));
        }
        PARLEY_REQUIRE(out->try_send(std::span<const item>{batch}) == capacity);
        PARLEY_REQUIRE(out->try_send(std::span<const item>{batch}) == 0);
        std::error_code code = errc::system;
        PARLEY_REQUIRE(out->try_send(std::span<const item>{batch}, code) == 0);
        PARLEY_REQUIRE(!code);
        std::vector<item> received(capacity + 2);
        PARLEY_REQUIRE(in->try_receive(std::span{received}) == capacity);
        for (std::uint32_t number = 0; number < capacity; ++number) {
            PARLEY_REQUIRE(received[number].number == number);
        }
        code = errc::system;
        PARLEY_REQUIRE(in->try_receive(std::span{received}, code) == 0);
        PARLEY_REQUIRE(!code);
    } else {
        SUCCEED("everything fits, or nothing");
    }
}

/// For what lies in memory.
template <class C>
void written_and_read_in_place() {
    constexpr std::uint32_t count = 500;
    venue<C> place;
    auto in = place.receiver();
    child sender{"sender", [&] {
                     auto out = place.sender();
                     for (std::uint32_t number = 0; number < count; ++number) {
                         auto loan = [&] {
                             if constexpr (sender_waits<C>) {
                                 return out->loan();
                             } else {
                                 auto slot = out->try_loan();
                                 while (!slot) {
                                     ::sched_yield();
                                     slot = out->try_loan();
                                 }
                                 return std::move(*slot);
                             }
                         }();
                         if (number % 7 == 0) {
                             *loan = item::make(99, number);
                             continue;  // let go: nothing is sent
                         }
                         *loan = item::make(2, number);
                         PARLEY_CHECK_IN_CHILD(loan->number == number);
                         put_loan(*out, std::move(loan));
                     }
                 }};
    for (std::uint32_t number = 0; number < count; ++number) {
        if (number % 7 == 0) {
            continue;
        }
        auto held = [&] {
            if constexpr (receiver_waits<C>) {
                return in->take();
            } else {
                auto message = in->try_take();
                while (!message) {
                    ::sched_yield();
                    message = in->try_take();
                }
                return std::move(*message);
            }
        }();
        PARLEY_REQUIRE(held->sound());
        PARLEY_REQUIRE(held->from == 2);
        PARLEY_REQUIRE(held->number == number);
        if (number % 2 == 0) {
            held.release();
        }
    }
    PARLEY_REQUIRE(sender.join_ok());
    PARLEY_REQUIRE(is_drained(*in));
    std::error_code code;
    PARLEY_REQUIRE(!in->try_take(code));
    PARLEY_REQUIRE(!code || code == errc::closed);
}

TEMPLATE_LIST_TEST_CASE("messages are written and read where they travel", "", here) {
    using C = TestType;
    const about composition{C::describe()};
    if constexpr (in_place<C>) {
        written_and_read_in_place<C>();
    } else {
        SUCCEED("this transport copies");
    }
}

TEMPLATE_LIST_TEST_CASE("one loan and one held message at a time", "", here) {
    using C = TestType;
    const about composition{C::describe()};
    if constexpr (!rendezvous<C> && in_place<C>) {
        venue<C> place;
        auto in = place.receiver();
        auto out = place.sender();
        {
            auto loan = out->try_loan();
            PARLEY_REQUIRE(loan);
            PARLEY_REQUIRE(thrown_by([&] { return out->try_loan(); }) == errc::bad_state);
            PARLEY_REQUIRE(thrown_by([&] { return out->try_send(item::make(1, 0)); }) == errc::bad_state);
            std::error_code code;
            PARLEY_REQUIRE(!out->send(item::make(1, 0), code));
            PARLEY_REQUIRE(code == errc::bad_state);
            PARLEY_REQUIRE(!out->try_loan(code));
            PARLEY_REQUIRE(code == errc::bad_state);
            auto moved = std::move(*loan);
            *moved = item::make(1, 5);
            PARLEY_REQUIRE(thrown_by([&] { put_loan(*out, std::move(*loan)); }) == errc::bad_state);
            PARLEY_REQUIRE(try_put(*out, moved, code));
            PARLEY_REQUIRE(!code);
        }
        PARLEY_REQUIRE(out->try_send(item::make(1, 6)) == (buffering_of<C>::capacity > 1));
        {
            auto held = in->try_take();
            PARLEY_REQUIRE(held);
            PARLEY_REQUIRE((*held)->number == 5);
            PARLEY_REQUIRE(thrown_by([&] { return in->try_take(); }) == errc::bad_state);
            PARLEY_REQUIRE(thrown_by([&] { return in->try_receive(); }) == errc::bad_state);
            std::error_code code;
            PARLEY_REQUIRE(!in->receive(code));
            PARLEY_REQUIRE(code == errc::bad_state);
        }
        PARLEY_REQUIRE(in->try_receive().has_value() == (buffering_of<C>::capacity > 1));
        PARLEY_REQUIRE(!in->try_receive());
    } else {
        SUCCEED("no slot without a peer, or none at all");
    }
}

TEMPLATE_LIST_TEST_CASE("moved from, an end says so", "", here) {
    using C = TestType;
    const about composition{C::describe()};
    venue<C> place;
    auto in = place.receiver();
    auto out = place.sender();
    auto in_moved = std::move(*in);
    auto out_moved = std::move(*out);
    PARLEY_REQUIRE(thrown_by([&] { return in->try_receive(); }) == errc::bad_state);
    PARLEY_REQUIRE(thrown_by([&] { return out->try_send(item::make(1, 0)); }) == errc::bad_state);
    std::error_code code;
    PARLEY_REQUIRE(!in->receive(code));
    PARLEY_REQUIRE(code == errc::bad_state);
    PARLEY_REQUIRE(out_moved.try_send(item::make(1, 0)) == !rendezvous<C>);
    PARLEY_REQUIRE(in_moved.try_receive().has_value() == !rendezvous<C>);
}

}  // namespace parley::conformance
