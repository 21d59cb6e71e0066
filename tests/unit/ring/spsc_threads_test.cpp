#include <parley/ring/spsc.hpp>

#include <algorithm>
#include <memory>

#include "threads.hpp"

using namespace parley;
using namespace parley::test;

namespace {

constexpr std::uint32_t letters = 200'000;

template <std::size_t Capacity>
void stress(std::size_t batch_out, std::size_t batch_in) {
    using ring_type = ring::spsc<Capacity, sizeof(numbered), alignof(numbered)>;
    const auto shared = std::make_unique<ring_type>();
    arrivals all(1, letters);
    std::thread sender([&] {
        typename ring_type::producer out{*shared};
        for (std::uint32_t number = 0; number < letters;) {
            ring::claim won;
            if (out.try_claim(std::min<std::size_t>(batch_out, letters - number), won) != ring::attempt::won) {
                std::this_thread::yield();
                continue;
            }
            if (number % 101 == 100 && won.count == 1) {
                out.abandon(won);  // let go, then taken again
                if (out.try_claim(1, won) != ring::attempt::won) {
                    continue;
                }
            }
            for (std::size_t index = 0; index < won.count; ++index) {
                numbered::make(0, number++).write(out.payload(won.first + index));
            }
            out.publish(won);
        }
    });
    typename ring_type::consumer in{*shared};
    arrivals::reader reader(all);
    while (all.count.load() < letters) {
        ring::claim won;
        bool skipped = false;
        if (in.try_claim(batch_in, won, skipped) != ring::attempt::won) {
            std::this_thread::yield();
            continue;
        }
        for (std::size_t index = 0; index < won.count; ++index) {
            reader.note(numbered::read(in.payload(won.first + index)));
        }
        in.release(won);
    }
    sender.join();
    CHECK_FALSE(in.readable());
    all.check(letters);
}

}  // namespace

TEMPLATE_TEST_CASE_SIG("spsc under threads", "", ((std::size_t N), N), 1, 2, 7, 64, 100) {
    stress<N>(1, 1);
    stress<N>(5, 3);
}
