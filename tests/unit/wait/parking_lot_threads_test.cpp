#include <parley/wait/parking_lot.hpp>

#include <atomic>
#include <memory>
#include <thread>
#include <vector>

#include <parley/wait/condvar.hpp>
#include <parley/wait/futex.hpp>
#include <parley/wait/spin.hpp>

#include "support/catch.hpp"

using namespace parley;

/// Threads that hand a token round: each waits for its turn and wakes the next. A wake that is lost shows as a round
/// that only the slice of a sleep ends: with sleeps of hours, as a hang.

namespace {

template <class Strategy>
void hand_round(std::size_t players, int rounds) {
    using lot_type = waiting::parking_lot<Strategy, 8>;
    const auto lot = std::make_unique<lot_type>();
    std::atomic<std::uint64_t> turn{0};
    const auto last = static_cast<std::uint64_t>(rounds) * players;
    const bool light = os::register_light_fence();
    std::vector<std::thread> threads;
    for (std::size_t place = 0; place < players; ++place) {
        threads.emplace_back([&, place] {
            lot->occupy(place);
            for (auto mine = static_cast<std::uint64_t>(place); mine < last; mine += players) {
                while (turn.load(std::memory_order_acquire) != mine) {
                    lot->park(place, std::chrono::hours(1),
                              [&] { return turn.load(std::memory_order_acquire) == mine; });
                }
                turn.store(mine + 1, std::memory_order_release);
                os::light_fence(light);
                if (lot->anybody()) {
                    lot->wake((place + 1) % players);
                }
            }
        });
    }
    for (auto& each : threads) {
        each.join();
    }
    CHECK(turn.load() == last);
}

}  // namespace

TEMPLATE_TEST_CASE("no wake is lost when a token goes round", "", condvar, futex) {
    hand_round<TestType>(2, 40'000);
    hand_round<TestType>(5, 10'000);
}

TEMPLATE_TEST_CASE("each of many wakes reaches a sleeper, whoever it is", "", condvar, futex) {
    using lot_type = waiting::parking_lot<TestType, 8>;
    constexpr int tokens = 200'000;
    constexpr std::size_t sleepers = 4;
    const auto lot = std::make_unique<lot_type>();
    const bool light = os::register_light_fence();
    std::atomic<int> there{0};
    std::atomic<int> taken{0};
    std::vector<std::thread> threads;
    for (std::size_t place = 0; place < sleepers; ++place) {
        threads.emplace_back([&, place] {
            lot->occupy(place);
            while (taken.load() < tokens) {
                auto now = there.load(std::memory_order_acquire);
                if (now > 0 && there.compare_exchange_strong(now, now - 1)) {
                    if (taken.fetch_add(1) + 1 == tokens) {
                        lot->wake_all();
                        return;
                    }
                    continue;
                }
                lot->park(place, std::chrono::hours(1), [&] { return there.load() > 0 || taken.load() >= tokens; });
            }
        });
    }
    for (int token = 0; token < tokens; ++token) {
        there.fetch_add(1, std::memory_order_release);
        os::light_fence(light);
        if (lot->anybody()) {
            lot->wake_one(static_cast<std::size_t>(token) % 64);
        }
    }
    for (auto& each : threads) {
        each.join();
    }
    CHECK(taken.load() == tokens);
    CHECK_FALSE(lot->anybody());
}
