#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string>
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

constexpr std::uint64_t count = 60;

template <class Link>
void send_all(Link& out) {
    for (std::uint64_t number = 0; number < count; ++number) {
        out.send(volume::make(number));
    }
}

template <class Link>
void receive_all(Link& in) {
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
}

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

/// A link over a fifo, both of whose ends are here.
struct fifo_of_volumes {
    static constexpr std::size_t capacity = 4;
    using C = channel<volume, fifo, direct, bounded<capacity>>;

    std::string name = unique_name("volumes");
    std::string there = name + "-a";
    std::string here = name + "-b";
    endpoint<C> me{here};
    endpoint<C> writer{there};
    parley::link<C> in = me.link(there);
    parley::link<C> out = writer.link(here);
};

}  // namespace

TEMPLATE_TEST_CASE("large messages come whole and in order, one at a time and several", "", mqueue, sysv_mqueue, fifo) {
    using C = channel<volume, TestType, direct, bounded<1>>;
    const auto here = unique_name("volumes-here");
    const auto there = unique_name("volumes-there");
    endpoint<C> me{here};
    auto in = me.link(there);
    child sender{"sender", [&] {
                     endpoint<C> writer{there};
                     auto out = writer.link(here);
                     send_all(out);
                 }};
    receive_all(in);
    CHECK(sender.join_ok());
}

TEMPLATE_TEST_CASE("large messages over a pair of pipes", "", bounded<1>, bounded<4>, zero, unbounded) {
    using C = channel<volume, parley::pipe, direct, TestType>;
    auto ends = C::pair();
    child sender{"sender", [&] {
                     auto out = std::move(ends.first);
                     send_all(out);
                     PARLEY_CHECK_IN_CHILD(out.receive() == volume::make(count));  // the last one has come
                 }};
    receive_all(ends.second);
    ends.second.send(volume::make(count));
    CHECK(sender.join_ok());
}

TEST_CASE("parts that dead senders left over a fifo are dropped, and the whole messages behind them come") {
    fifo_of_volumes between;
    auto& in = between.in;
    half_dead_sender<fifo_of_volumes::C> dead{between.there, between.here};
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
        REQUIRE(between.out.try_send(volume::make(number)));
        REQUIRE((in.try_receive() == volume::make(number)));
    }
}

TEST_CASE("a stranger's bytes between large messages over a fifo are told once, and messages go on behind them") {
    fifo_of_volumes between;
    auto& in = between.in;
    auto& out = between.out;
    half_dead_sender<fifo_of_volumes::C> stranger{between.there, between.here};
    const std::vector<std::byte> bytes(4096, std::byte{1});
    const auto size = GENERATE(std::size_t{1}, std::size_t{100}, std::size_t{4095}, std::size_t{4096});
    const auto parts_before = GENERATE(std::size_t{0}, std::size_t{2});
    const bool has_begun = GENERATE(false, true);
    const bool to_a_place = GENERATE(false, true);
    CAPTURE(size, parts_before, has_begun, to_a_place);
    volume got{};
    const auto receive = [&] {
        if (to_a_place) {
            return in.try_receive(std::span(&got, 1)) == 1;
        }
        const auto came = in.try_receive();
        got = came.value_or(volume{});
        return came.has_value();
    };

    REQUIRE(out.try_send(volume::make(0)));
    stranger.put(volume::make(7), 0, parts_before);
    if (has_begun) {
        REQUIRE(receive());
        REQUIRE((got == volume::make(0)));
        REQUIRE_FALSE(receive());
    }
    stranger.put(std::span(bytes).first(size));
    REQUIRE(out.try_send(volume::make(1)));  // goes with it
    if (!has_begun) {
        REQUIRE(receive());
        REQUIRE((got == volume::make(0)));
    }
    try {
        static_cast<void>(receive());
        FAIL("nothing was told");
    } catch (const error& told) {
        REQUIRE(told.code() == errc::corrupt);
    }
    for (int round = 0; round < 3; ++round) {
        for (std::uint64_t number = 0; number < fifo_of_volumes::capacity; ++number) {
            REQUIRE(out.try_send(volume::make(number)));
        }
        REQUIRE_FALSE(out.try_send(volume::make(fifo_of_volumes::capacity)));
        for (std::uint64_t number = 0; number < fifo_of_volumes::capacity; ++number) {
            REQUIRE(receive());
            REQUIRE((got == volume::make(number)));
        }
        REQUIRE_FALSE(receive());
    }
}
