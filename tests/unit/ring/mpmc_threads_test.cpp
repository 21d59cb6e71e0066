#include <parley/ring/bounded_slots.hpp>
#include <parley/ring/mpmc.hpp>

#include <algorithm>
#include <memory>
#include <mutex>

#include "threads.hpp"

using namespace parley;
using namespace parley::test;

namespace {

template <std::size_t Capacity>
using slots_of = ring::bounded_slots<Capacity, sizeof(numbered), alignof(numbered), std::atomic>;

/// So many threads on each side. Every `drop`-th claim is let go and taken anew.
template <class Ring, bool Kept = false>
void stress(std::size_t senders, std::size_t receivers, std::size_t batch, std::uint32_t each, std::uint32_t drop) {
    CAPTURE(senders, receivers, batch, drop);
    const auto shared = std::make_unique<Ring>();
    arrivals all(senders, each);
    const auto total = std::uint64_t{each} * senders;
    using view = typename Ring::slots_type::view;
    std::vector<std::thread> threads;
    for (std::size_t place = 0; place < senders; ++place) {
        threads.emplace_back([&, place] {
            typename Ring::producer out{*shared, view{shared->slots()}, place};
            static_cast<void>(out.occupy(everybody_lives, everybody_lives));
            std::uint32_t claims = 0;
            for (std::uint32_t number = 0; number < each;) {
                ring::claim won;
                const auto result = out.try_claim(std::min<std::size_t>(batch, each - number), won);
                if (result != ring::attempt::won) {
                    static_cast<void>(out.resolve(everybody_lives));  // must not take anything from the living
                    std::this_thread::yield();
                    continue;
                }
                if (drop != 0 && ++claims % drop == 0) {
                    out.abandon(won);
                    continue;
                }
                for (std::size_t index = 0; index < won.count; ++index) {
                    numbered::make(place, number++).write(out.payload(won.first + index));
                }
                out.publish(won);
            }
        });
    }
    for (std::size_t place = 0; place < receivers; ++place) {
        threads.emplace_back([&, place] {
            typename Ring::consumer in{*shared, view{shared->slots()}, place};
            static_cast<void>(in.occupy(everybody_lives, everybody_lives));
            arrivals::reader reader(all);
            while (all.count.load() < total) {
                ring::claim won;
                bool skipped = false;
                if (in.try_claim(batch, won, skipped) != ring::attempt::won) {
                    static_cast<void>(in.resolve(everybody_lives));
                    if constexpr (Kept) {
                        // Callers exclude each other, in the engine by a lock.
                        static std::mutex recovery;
                        const std::unique_lock guard(recovery, std::try_to_lock);
                        if (guard.owns_lock() && in.try_adopt(won, everybody_lives)) {
                            all.torn.fetch_add(1);  // nobody has died
                        }
                    }
                    std::this_thread::yield();
                    continue;
                }
                for (std::size_t index = 0; index < won.count; ++index) {
                    reader.note(numbered::read(in.payload(won.first + index)));
                }
                in.release(won);
            }
        });
    }
    for (auto& thread : threads) {
        thread.join();
    }
    all.check(total);
}

}  // namespace

TEMPLATE_TEST_CASE_SIG("mpmc under threads", "", ((std::size_t N), N), 1, 2, 7, 64) {
    using many = ring::mpmc<slots_of<N>, 64, 64>;
    stress<many>(1, 1, 1, 40'000, 0);
    stress<many>(4, 1, 1, 10'000, 0);
    stress<many>(1, 4, 1, 40'000, 0);
    stress<many>(4, 4, 1, 10'000, 13);
    stress<many>(4, 4, 5, 10'000, 0);
    stress<many>(4, 4, 3, 10'000, 7);
}

TEMPLATE_TEST_CASE_SIG("mpmc with one receiver, under threads", "", ((std::size_t N), N), 1, 7) {
    using port = ring::mpmc<slots_of<N>, 64, 1>;
    stress<port>(1, 1, 1, 40'000, 13);
    stress<port>(4, 1, 1, 10'000, 13);
    stress<port>(4, 1, 5, 10'000, 0);
}

TEMPLATE_TEST_CASE_SIG("mpmc that keeps messages for others, under threads", "", ((std::size_t N), N), 1, 7) {
    using kept = ring::mpmc<slots_of<N>, 64, 64, true>;
    stress<kept, true>(4, 4, 1, 10'000, 13);
    stress<kept, true>(4, 4, 5, 10'000, 0);
}
