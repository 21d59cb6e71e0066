#include <parley/ring/handoff.hpp>

#include <memory>

#include "threads.hpp"

using namespace parley;
using namespace parley::test;

namespace {

using desk_ring = ring::handoff<sizeof(numbered), alignof(numbered), 8, 8>;

constexpr std::uint32_t each = 20'000;

/// Senders offer and wait, or (`impatient`) look for a reservation; receivers take offers, and reserve meanwhile.
void stress(std::size_t patient, std::size_t impatient, std::size_t receivers) {
    CAPTURE(patient, impatient, receivers);
    const auto shared = std::make_unique<desk_ring>();
    const auto senders = patient + impatient;
    arrivals all(senders, each);
    const auto total = std::uint64_t{each} * senders;
    std::vector<std::thread> threads;
    for (std::size_t place = 0; place < senders; ++place) {
        threads.emplace_back([&, place] {
            desk_ring::producer out{*shared, place};
            static_cast<void>(out.occupy(everybody_lives, everybody_lives));
            for (std::uint32_t number = 0; number < each;) {
                if (place < patient) {
                    numbered::make(place, number).write(out.payload());
                    out.offer();
                    bool back = false;
                    int looks = number % 7 == 3 ? 3 : 1'000'000'000;  // some are taken back soon
                    while (!back && !out.received()) {
                        back = --looks <= 0 && out.withdraw();
                        static_cast<void>(out.resolve(everybody_lives));
                        std::this_thread::yield();
                    }
                    if (!back) {
                        out.finish();
                        ++number;
                    }
                    continue;
                }
                std::size_t receiver = 0;
                if (!out.try_meet(everybody_lives, receiver)) {
                    std::this_thread::yield();
                    continue;
                }
                if (number % 11 == 5) {
                    out.give_back(receiver);
                    if (!out.try_meet(everybody_lives, receiver)) {
                        continue;
                    }
                }
                numbered::make(place, number).write(out.payload_of(receiver));
                if (out.hand_over(receiver)) {
                    ++number;
                }
            }
        });
    }
    for (std::size_t place = 0; place < receivers; ++place) {
        threads.emplace_back([&, place] {
            desk_ring::consumer in{*shared, place};
            static_cast<void>(in.occupy(everybody_lives, everybody_lives));
            arrivals::reader reader(all);
            while (all.count.load() < total) {
                std::size_t sender = 0;
                if (in.try_take(everybody_lives, sender)) {
                    reader.note(numbered::read(in.payload_of(sender)));
                    in.done_with(sender);
                    continue;
                }
                in.reserve();
                for (int look = 0; look < 20 && !in.written() && !in.offered(); ++look) {
                    std::this_thread::yield();
                }
                while (!in.written() && !in.withdraw()) {
                    static_cast<void>(in.resolve(everybody_lives));
                    std::this_thread::yield();
                }
                if (in.written()) {
                    reader.note(numbered::read(in.payload()));
                    in.done();
                }
            }
        });
    }
    for (auto& thread : threads) {
        thread.join();
    }
    all.check(total);
}

}  // namespace

TEST_CASE("handoff under threads: offers") {
    stress(1, 0, 1);
    stress(4, 0, 1);
    stress(1, 0, 4);
    stress(4, 0, 4);
}

TEST_CASE("handoff under threads: reservations") {
    stress(0, 1, 1);
    stress(0, 4, 1);
    stress(0, 1, 4);
    stress(0, 4, 4);
}

TEST_CASE("handoff under threads: both at once") { stress(3, 3, 3); }
