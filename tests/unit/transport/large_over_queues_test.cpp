#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <vector>

#include <fcntl.h>
#include <unistd.h>

#include <parley/message/frame.hpp>
#include <parley/message/wire.hpp>
#include <parley/os/descriptor.hpp>
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

/// The parts of messages as a sender over a fifo puts them in, by hand: as many as it gets to before it dies.
template <class C>
class half_dead_sender {
    using wire = message::wire<typename C::message>;
    static constexpr std::size_t unit = C::transport::backing_type::object::unit;
    static constexpr std::size_t payload = unit - message::frame_header_size;

public:
    /// Of the link between these names, the lesser of which is the sender's.
    half_dead_sender(const std::string& sender, const std::string& receiver) {
        using backing = typename C::transport::backing_type;
        const auto books = backing::locate(sender + "~" + receiver);
        object_ = os::descriptor{::open(backing::object_name(books, 0).c_str(), O_WRONLY | O_CLOEXEC)};
        REQUIRE(object_);
    }

    void put(const typename C::message& content, std::uint32_t number, std::size_t parts_that_go) {
        std::vector<std::byte> bytes(wire::capacity);
        const auto size = wire::size(content);
        wire::write(bytes.data(), content);
        const auto parts = (size + payload - 1) / payload;
        for (std::size_t part = 0; part < std::min(parts, parts_that_go); ++part) {
            const auto from = part * payload;
            message::frame_header head;
            head.length = static_cast<std::uint32_t>(std::min(payload, size - from));
            head.sequence = number;
            head.part = static_cast<std::uint16_t>(part);
            head.parts = static_cast<std::uint16_t>(parts);
            std::vector<std::byte> unit_of_it(unit);
            head.write(unit_of_it.data());
            std::memcpy(unit_of_it.data() + message::frame_header_size, bytes.data() + from, head.length);
            put(unit_of_it);
        }
    }

    void put(std::span<const std::byte> anything) {
        REQUIRE(::write(object_.get(), anything.data(), anything.size()) == static_cast<::ssize_t>(anything.size()));
    }

private:
    os::descriptor object_;
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

TEST_CASE("parts that dead senders left over a fifo are dropped, and the whole messages behind them come") {
    using C = channel<volume, fifo, direct, bounded<4>>;
    const auto name = unique_name("volumes");
    const auto there = name + "-a";
    const auto here = name + "-b";
    endpoint<C> me{here};
    endpoint<C> writer{there};
    auto in = me.link(there);
    auto out = writer.link(here);
    half_dead_sender<C> dead{there, here};
    constexpr std::size_t all = 4;
    volume got{};

    SECTION("before the receiver looks") {
        dead.put(volume::make(7), 0, 3);
        dead.put(volume::make(8), 1, 1);
        dead.put(volume::make(9), 2, all);
        CHECK((in.try_receive() == volume::make(9)));
    }
    SECTION("and the receiver has begun with them") {
        for (std::size_t parts = 1; parts < all; ++parts) {
            dead.put(volume::make(7), 0, parts);
            REQUIRE_FALSE(in.try_receive());
            dead.put(volume::make(8), 1, 1);
            dead.put(volume::make(9), 2, all);
            REQUIRE((in.try_receive() == volume::make(9)));
        }
    }
    SECTION("and the receiver wants it where it is to stay") {
        for (std::size_t parts = 1; parts < all; ++parts) {
            dead.put(volume::make(7), 0, parts);
            REQUIRE(in.try_receive(std::span(&got, 1)) == 0);
            dead.put(volume::make(8), 1, all);
            dead.put(volume::make(9), 2, all);
            REQUIRE(in.try_receive(std::span(&got, 1)) == 1);
            REQUIRE((got == volume::make(8)));
            REQUIRE(in.try_receive(std::span(&got, 1)) == 1);
            REQUIRE((got == volume::make(9)));
        }
    }
    CHECK_FALSE(in.try_receive());
    for (std::uint64_t number = 0; number < 10; ++number) {
        REQUIRE(out.try_send(volume::make(number)));
        REQUIRE((in.try_receive() == volume::make(number)));
    }
}

TEST_CASE("a stranger's bytes between large messages over a fifo are told once, and messages go on behind them") {
    using C = channel<volume, fifo, direct, bounded<4>>;
    const auto name = unique_name("volumes");
    const auto there = name + "-a";
    const auto here = name + "-b";
    endpoint<C> me{here};
    endpoint<C> writer{there};
    auto in = me.link(there);
    auto out = writer.link(here);
    half_dead_sender<C> stranger{there, here};
    const std::vector<std::byte> bytes(4096, std::byte{1});
    for (const std::size_t size : {1, 100, 4095, 4096}) {
        CAPTURE(size);
        for (const std::size_t parts_before : {0, 2}) {
            stranger.put(volume::make(7), 0, parts_before);
            stranger.put(std::span(bytes).first(size));
            for (std::uint64_t number = 0; number < 3; ++number) {
                REQUIRE(out.try_send(volume::make(number)));  // they go with it
            }
            std::error_code code;
            REQUIRE_FALSE(in.try_receive(code));
            REQUIRE(code == errc::corrupt);
            REQUIRE_FALSE(in.try_receive());
            for (std::uint64_t number = 0; number < 10; ++number) {
                REQUIRE(out.try_send(volume::make(number)));
                REQUIRE((in.try_receive() == volume::make(number)));
            }
        }
    }
}
