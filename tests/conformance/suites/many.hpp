#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <list>
#include <optional>
#include <string>
#include <vector>

#include "conformance/check.hpp"
#include "conformance/venue.hpp"

/// What holds when many processes share one mailbox or port.

namespace parley::conformance {

/// Which messages have been received: a counter for each, in memory that all receivers share.
template <std::size_t Senders, std::size_t Count>
struct ledger {
    std::array<std::array<std::atomic<std::uint8_t>, Count>, Senders> seen;
    std::atomic<std::size_t> received;
    std::atomic<std::size_t> doubled;
    std::atomic<std::size_t> damaged;

    /// Whether it was sound and came for the first time.
    void note(const item& message) {
        if (!message.sound() || message.from >= Senders || message.number >= Count) {
            damaged.fetch_add(1);
            return;
        }
        if (seen[message.from][message.number].fetch_add(1) != 0) {
            doubled.fetch_add(1);
            return;
        }
        received.fetch_add(1);
    }

    [[nodiscard]] std::size_t missing() const {
        std::size_t result = 0;
        for (const auto& of_sender : seen) {
            for (const auto& each : of_sender) {
                result += each.load() == 0 ? 1 : 0;
            }
        }
        return result;
    }
};

/// The sender number that tells a receiver to go home.
inline constexpr std::uint32_t go_home = 0xffffffff;

/// Receives until told to go home, and checks that what it sees of each sender comes in the order in which it was sent.
template <class In, class Ledger>
void receive_until_home(In& in, Ledger& seen, std::size_t senders) {
    std::vector<std::int64_t> last(senders, -1);
    for (;;) {
        const item message = get(in);
        if (message.from == go_home) {
            return;
        }
        seen.note(message);
        PARLEY_CHECK_IN_CHILD(message.from < senders);
        PARLEY_CHECK_IN_CHILD(last[message.from] < static_cast<std::int64_t>(message.number));
        last[message.from] = message.number;
    }
}

/// `Senders` and `Receivers` processes, `Count` messages from each sender: every one received exactly once.
template <class C, std::size_t Senders, std::size_t Receivers, std::size_t Count>
void everything_exactly_once() {
    const about composition{C::describe()};
    venue<C> place;
    shared<ledger<Senders, Count>> seen;
    std::optional<decltype(place.sender())> out;
    if constexpr (!C::addressing::owned) {
        out.emplace(place.sender());  // first, so that a mailbox with owner_lifetime belongs to this process
    }
    steps attached;
    std::list<child> receivers;
    for (std::size_t each = 0; each < Receivers; ++each) {
        receivers.emplace_back("receiver " + std::to_string(each), [&] {
            auto in = place.receiver();
            attached.advance();
            receive_until_home(*in, *seen, Senders);
        });
    }
    PARLEY_REQUIRE(attached.await(static_cast<int>(Receivers)));
    std::list<child> senders;
    for (std::uint32_t from = 0; from < Senders; ++from) {
        senders.emplace_back("sender " + std::to_string(from), [&, from] {
            auto own = place.sender();
            for (std::uint32_t number = 0; number < Count; ++number) {
                put(*own, item::make(from, number));
            }
        });
    }
    for (auto& each : senders) {
        PARLEY_REQUIRE(each.join_ok());
    }
    PARLEY_REQUIRE(eventually([&] { return seen->received + seen->doubled + seen->damaged >= Senders * Count; }));
    if (!out) {
        out.emplace(place.sender());
    }
    for (std::size_t each = 0; each < Receivers; ++each) {
        put(**out, item::make(go_home, 0));
    }
    for (auto& each : receivers) {
        PARLEY_REQUIRE(each.join_ok());
    }
    PARLEY_REQUIRE(seen->damaged == 0);
    PARLEY_REQUIRE(seen->doubled == 0);
    PARLEY_REQUIRE(seen->missing() == 0);
}

/// A message if one is there; a receiver that waits does so for a moment, so that a sender that does not can meet it.
template <class In>
[[nodiscard]] std::optional<item> glance(In& in) {
    if constexpr (receiver_waits<channel_of<In>>) {
        return in.receive_for(1ms);
    } else {
        return in.try_receive();
    }
}

/// Processes come, exchange some messages, and leave in good order, while others do the same: nothing is lost.
template <class C, std::size_t Processes, std::size_t Count>
void nothing_lost_by_coming_and_going() {
    const about composition{C::describe()};
    venue<C> place;
    shared<ledger<Processes, Count>> seen;
    auto in = place.receiver();  // stays, and sees to it that a mailbox with an owner has it to the end
    constexpr std::size_t at_once = 8;
    std::list<child> running;
    const auto reap_one = [&] {
        // Whoever waits for a message that another has taken away is served by this process.
        PARLEY_REQUIRE(eventually([&] {
            for (auto each = running.begin(); each != running.end(); ++each) {
                if (!each->running()) {
                    PARLEY_REQUIRE(each->join_ok());
                    running.erase(each);
                    return true;
                }
            }
            if (auto message = glance(*in)) {
                seen->note(*message);
            }
            return false;
        }));
    };
    for (std::uint32_t from = 0; from < Processes; ++from) {
        while (running.size() >= at_once) {
            reap_one();
        }
        running.emplace_back("visitor " + std::to_string(from), [&, from] {
            auto out = place.sender();
            for (std::uint32_t number = 0; number < Count; ++number) {
                put(*out, item::make(from, number));
                if constexpr (C::addressing::many_receivers) {
                    if (number % 3 == 0) {  // comes and goes as a receiver, too
                        auto own = place.receiver();
                        if (auto message = own->try_receive()) {
                            seen->note(*message);
                        }
                    }
                }
            }
        });
    }
    while (!running.empty()) {
        reap_one();
    }
    while (auto message = in->try_receive()) {
        seen->note(*message);
    }
    PARLEY_REQUIRE(seen->damaged == 0);
    PARLEY_REQUIRE(seen->doubled == 0);
    PARLEY_REQUIRE(seen->missing() == 0);
}

}  // namespace parley::conformance
