#include <algorithm>
#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <list>
#include <optional>
#include <vector>

#include <parley/pool/free_queue.hpp>

#include "support/catch.hpp"
#include "support/process.hpp"
#include "support/shared.hpp"

using namespace parley;
using namespace parley::test;

namespace {

constexpr std::uint32_t slots = 16;
constexpr std::uint32_t blocks = slots / 2;

struct memory {
    alignas(os::cache_line) std::array<std::byte, pool::free_queue::size_for(slots)> bytes{};
    std::array<std::atomic<std::uint32_t>, blocks> in_hands{};
    std::atomic<std::uint32_t> twice{0};

    [[nodiscard]] pool::free_queue queue() noexcept { return {bytes.data(), slots}; }
};

std::vector<std::uint32_t> all_of(const pool::free_queue& queue) {
    std::vector<std::uint32_t> result;
    while (const auto number = queue.pop()) {
        result.push_back(*number);
    }
    return result;
}

}  // namespace

TEST_CASE("a queue of free blocks gives numbers in the order in which they came") {
    memory where;
    const auto queue = where.queue();
    CHECK_FALSE(queue.pop());
    for (std::uint32_t round = 0; round < 3 * slots; ++round) {
        queue.push(7);
        queue.push(0);
        queue.push(round);
        CHECK(all_of(queue) == std::vector<std::uint32_t>{7, 0, round});
        CHECK_FALSE(queue.pop());
    }
}

TEST_CASE("a queue of free blocks that is full drops what comes, and goes on when it has room") {
    memory where;
    const auto queue = where.queue();
    for (std::uint32_t number = 0; number < slots + 3; ++number) {
        queue.push(number);
    }
    auto there = all_of(queue);
    std::sort(there.begin(), there.end());
    CHECK(there.size() == slots);
    CHECK(there.front() == 0);
    CHECK(there.back() == slots - 1);
    queue.push(1);
    CHECK(queue.pop() == 1U);
    CHECK_FALSE(queue.pop());
}

TEST_CASE("a queue of free blocks that a peer has spoiled gives numbers or none, and ends") {
    memory where;
    where.bytes.fill(std::byte{0x5a});
    const auto queue = where.queue();
    static_cast<void>(queue.pop());
    where.bytes[0] = std::byte{0xff};  // the head is beyond the tail
    for (std::uint32_t look = 0; look < 4 * slots; ++look) {
        static_cast<void>(queue.pop());
    }
    queue.push(3);
    std::optional<std::uint32_t> found;
    for (std::uint32_t look = 0; look < 4 * slots && found != 3U; ++look) {
        found = queue.pop();
    }
    CHECK(found == 3U);
}

TEST_CASE("among live processes a queue of free blocks loses no number, and gives none to two") {
    shared<memory> where;
    for (std::uint32_t number = 0; number < blocks; ++number) {
        where->queue().push(number);
    }
    std::list<child> all;
    for (int each = 0; each < 4; ++each) {
        all.emplace_back("worker", [&] {
            const auto queue = where->queue();
            for (std::uint32_t count = 0; count < 20'000;) {
                if (const auto number = queue.pop()) {
                    PARLEY_CHECK_IN_CHILD(*number < blocks);
                    where->twice.fetch_add(where->in_hands[*number].exchange(1));
                    where->in_hands[*number].store(0);
                    queue.push(*number);
                    ++count;
                }
            }
        });
    }
    for (auto& each : all) {
        CHECK(each.join_ok());
    }
    CHECK(where->twice.load() == 0);
    auto left = all_of(where->queue());
    std::sort(left.begin(), left.end());
    CHECK(left == std::vector<std::uint32_t>{0, 1, 2, 3, 4, 5, 6, 7});
}
