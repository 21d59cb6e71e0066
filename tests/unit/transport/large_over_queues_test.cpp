#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

#include <parley/parley.hpp>

#include "support/catch.hpp"
#include "support/process.hpp"
#include "support/unique_name.hpp"

using namespace parley;
using namespace parley::test;

/// Messages of several parts over the queues and pipes of the kernel, received in each of the two ways: one as the
/// result of a call, and some to where they are to stay.

namespace {

struct volume {
    std::uint64_t number;
    std::array<std::uint32_t, 4000> pages;  // two units of a queue, which is all that one of System V holds

    static volume make(std::uint64_t number) {
        volume made{number, {}};
        for (std::size_t page = 0; page < made.pages.size(); ++page) {
            made.pages[page] = static_cast<std::uint32_t>(number * 10'000 + page);
        }
        return made;
    }
    friend bool operator==(const volume&, const volume&) = default;
};

}  // namespace

TEMPLATE_TEST_CASE("large messages come whole and in order, one at a time and several", "", mqueue, sysv_mqueue, fifo) {
    using C = channel<volume, TestType, direct, bounded<1>>;
    constexpr std::uint64_t count = 60;
    const auto here = unique_name("volumes-here");
    const auto there = unique_name("volumes-there");
    endpoint<C> me{here};
    auto in = me.link(there);
    child sender{"sender", [&] {
                     endpoint<C> writer{there};
                     auto out = writer.link(here);
                     for (std::uint64_t number = 0; number < count; ++number) {
                         out.send(volume::make(number));
                     }
                 }};
    std::array<volume, 3> shelf{};
    for (std::uint64_t number = 0; number < count;) {
        REQUIRE((in.receive() == volume::make(number)));
        ++number;
        const auto some = std::span{shelf}.first(std::min<std::size_t>(shelf.size(), count - number));
        for (std::size_t left = some.size(); left > 0;) {
            const auto rest = some.last(left);
            const auto came = in.receive(rest);
            for (const auto& each : rest.first(came)) {
                REQUIRE((each == volume::make(number)));
                ++number;
            }
            left -= came;
        }
    }
    CHECK(sender.join_ok());
}
