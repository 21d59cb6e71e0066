#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <fstream>
#include <iterator>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <system_error>
#include <type_traits>

#include <parley/parley.hpp>

#include "conformance/venue.hpp"
#include "interop/program.hpp"
#include "support/catch.hpp"

/// `raw` over sockets: with socat at the other end.

namespace parley::interop {

using conformance::thrown_by;
using namespace std::chrono_literals;
using test::eventually;

using text = bytes<1000>;

struct pair_of_numbers {
    std::uint32_t first;
    std::uint32_t second;
};

template <class Transport>
inline constexpr bool by_datagrams = std::is_same_v<Transport, unix_datagram> || std::is_same_v<Transport, udp>;

/// Where a channel lies, and what socat calls that.
template <class Transport>
class place {
public:
    [[nodiscard]] const std::string& name() const noexcept { return name_; }

    /// For a socat that sends.
    [[nodiscard]] std::string to_send() const {
        if constexpr (std::is_same_v<Transport, unix_stream>) {
            return "UNIX-CONNECT:" + name_;
        } else if constexpr (std::is_same_v<Transport, unix_seqpacket>) {
            return "UNIX-CONNECT:" + name_ + ",type=5";
        } else if constexpr (std::is_same_v<Transport, unix_datagram>) {
            return "UNIX-SENDTO:" + name_;
        } else {
            return (std::is_same_v<Transport, tcp> ? "TCP:" : "UDP-SENDTO:") + name_;
        }
    }

    /// For a socat that receives.
    [[nodiscard]] std::string to_receive() const {
        if constexpr (std::is_same_v<Transport, unix_stream>) {
            return "UNIX-LISTEN:" + name_;
        } else if constexpr (std::is_same_v<Transport, unix_seqpacket>) {
            return "UNIX-LISTEN:" + name_ + ",type=5";
        } else if constexpr (std::is_same_v<Transport, unix_datagram>) {
            return "UNIX-RECVFROM:" + name_;
        } else {
            return (std::is_same_v<Transport, tcp> ? "TCP-LISTEN:" : "UDP-RECVFROM:") + port() + ",bind=" + host();
        }
    }

    /// Whether a socat is there that receives. Where senders connect, they wait for that themselves.
    [[nodiscard]] bool is_bound() const {
        if constexpr (!std::is_same_v<Transport, udp>) {
            return true;
        } else {
            unsigned parts[4]{};
            std::sscanf(host().c_str(), "%u.%u.%u.%u", &parts[0], &parts[1], &parts[2], &parts[3]);
            char entry[32];
            std::snprintf(entry, sizeof entry, "%02X%02X%02X%02X:%04X ", parts[3], parts[2], parts[1], parts[0],
                          static_cast<unsigned>(std::stoul(port())));
            std::ifstream file{"/proc/net/udp"};
            const std::string bound{std::istreambuf_iterator<char>{file}, {}};
            return bound.find(entry) != std::string::npos;
        }
    }

private:
    [[nodiscard]] std::string host() const { return name_.substr(0, name_.rfind(':')); }
    [[nodiscard]] std::string port() const { return name_.substr(name_.rfind(':') + 1); }

    directory here_;
    std::string name_ = Transport::capabilities.crosses_machines ? conformance::fresh_address() : here_.file("socket");
};

template <class Transport>
[[nodiscard]] program socat_that_sends(const place<Transport>& to) {
    return program{{"socat", "-u", "STDIN", to.to_send()}};
}

TEMPLATE_TEST_CASE("sockets, raw: socat sends, parley receives", "", unix_stream, unix_seqpacket, unix_datagram, tcp,
                   udp) {
    using C = channel<text, TestType, parley::port, raw>;
    const place<TestType> at;
    receiver<C> in{at.name()};
    {
        program socat = socat_that_sends(at);
        socat.write("one\n");
        CHECK(receive_bytes(in, 4) == "one\n");
        socat.write("two\n");
        CHECK(receive_bytes(in, 4) == "two\n");
        program another = socat_that_sends(at);  // while the first is still there
        another.write("three\n");
        CHECK(receive_bytes(in, 6) == "three\n");
        CHECK(another.finish());
        socat.write("four\n");
        CHECK(receive_bytes(in, 5) == "four\n");
        CHECK(socat.finish());
    }
    CHECK_FALSE(in.try_receive());  // one that has gone is no end
    program last = socat_that_sends(at);
    last.write("five\n");
    CHECK(receive_bytes(in, 5) == "five\n");
    CHECK(last.finish());
}

TEMPLATE_TEST_CASE("sockets, raw: parley sends, socat receives", "", unix_stream, unix_seqpacket, unix_datagram, tcp,
                   udp) {
    using C = channel<text, TestType, parley::port, raw>;
    const place<TestType> at;
    program socat{{"socat", "-u", at.to_receive(), "STDOUT"}};
    REQUIRE(eventually([&] { return at.is_bound(); }));
    {
        sender<C> out{open_only, at.name(), {.open_within = 60s}};
        out.send("one\n");
        CHECK(socat.read_line() == "one");
        if constexpr (!by_datagrams<TestType>) {  // of datagrams, socat takes one
            out.send("two\n");
            out.send("three\n");
        }
    }
    CHECK(socat.read_all() == (by_datagrams<TestType> ? "" : "two\nthree\n"));
    CHECK(socat.finish());
}

TEMPLATE_TEST_CASE("sockets, raw: a message of fixed size is its bytes, in pieces where there are no boundaries", "",
                   unix_stream, unix_seqpacket, unix_datagram, tcp, udp) {
    using C = channel<pair_of_numbers, TestType, parley::port, raw>;
    const place<TestType> at;
    receiver<C> in{at.name()};
    program socat = socat_that_sends(at);
    const std::string_view message{"\1\0\0\0\2\0\0\0", 8};
    if constexpr (TestType::capabilities.keeps_boundaries) {
        socat.write(message);
    } else {
        for (const char& each : message) {
            socat.write({&each, 1});
        }
    }
    const auto received = in.receive();
    CHECK(received.first == 1);
    CHECK(received.second == 2);
    CHECK(socat.finish());
}

/// Large enough to be read to where it is to lie.
using block = std::array<std::uint32_t, 8192>;

[[nodiscard]] std::unique_ptr<block> block_of(std::uint32_t number) {
    auto made = std::make_unique<block>();
    made->fill(number);
    return made;
}

[[nodiscard]] std::string_view bytes_of(const block& from) {
    return {reinterpret_cast<const char*>(from.data()), sizeof from};
}

TEMPLATE_TEST_CASE("sockets, raw: a large message of fixed size comes in pieces, and the next behind it", "",
                   unix_stream, tcp) {
    using C = channel<block, TestType, parley::port, raw>;
    const place<TestType> at;
    receiver<C> in{at.name()};
    program socat = socat_that_sends(at);
    const auto first = block_of(1);
    const auto second = block_of(2);
    const auto got = std::make_unique<std::array<block, 2>>();
    const std::span<block> room{*got};

    socat.write(bytes_of(*first).substr(0, 10'000));
    for (int attempt = 0; attempt < 1'000; ++attempt) {
        REQUIRE(in.try_receive(room) == 0);
    }
    socat.write(bytes_of(*first).substr(10'000, 20'000));
    REQUIRE_FALSE(in.try_receive());  // what has come lies in between by now
    socat.write(bytes_of(*first).substr(30'000));
    socat.write(bytes_of(*second));
    for (std::size_t count = 0; count < room.size();) {
        count += in.receive(room.subspan(count));
    }
    CHECK((*got)[0] == *first);
    CHECK((*got)[1] == *second);

    socat.write(bytes_of(*second).substr(0, 1'000));
    CHECK(socat.finish());
    CHECK(in.try_receive(room) == 0);  // never whole
}

TEMPLATE_TEST_CASE("sockets, raw: large messages of fixed size from several senders, and one of another size", "",
                   unix_stream, unix_seqpacket, tcp) {
    using C = channel<block, TestType, parley::port, raw>;
    const place<TestType> at;
    receiver<C> in{at.name()};
    constexpr std::uint32_t each_sends = 50;
    const auto work = [&](std::uint32_t number) {
        return test::child{"sender", [&at, number] {
                               if constexpr (TestType::capabilities.keeps_boundaries) {
                                   sender<channel<pair_of_numbers, TestType, parley::port, raw>> wrong{
                                       at.name(), {.open_within = 60s}};
                                   wrong.send({1, 2});
                               }
                               sender<C> out{at.name(), {.open_within = 60s}};
                               const auto content = block_of(number);
                               for (std::uint32_t count = 0; count < each_sends; ++count) {
                                   content->back() = count;
                                   out.send(*content);
                               }
                           }};
    };
    auto one = work(7);
    auto other = work(8);
    std::array<std::uint32_t, 2> next{};
    const auto got = std::make_unique<block>();
    while (next[0] + next[1] < 2 * each_sends) {
        REQUIRE(in.receive(std::span{got.get(), 1}) == 1);
        const auto from = got->front();
        REQUIRE((from == 7 || from == 8));
        REQUIRE(got->back() == next[from - 7]++);
        REQUIRE(std::all_of(got->begin(), got->end() - 1, [&](std::uint32_t word) { return word == from; }));
    }
    CHECK(one.join() == 0);
    CHECK(other.join() == 0);
}

TEMPLATE_TEST_CASE("sockets, raw: when socat has gone, the sender's channel is closed, without a signal", "",
                   unix_stream, unix_seqpacket, tcp) {
    using C = channel<text, TestType, parley::port, raw>;
    const place<TestType> at;
    program socat{{"socat", "-u", at.to_receive(), "STDOUT"}};
    sender<C> out{open_only, at.name(), {.open_within = 60s}};
    out.send("one\n");
    CHECK(socat.read_line() == "one");
    socat.process().kill9();
    std::error_code code;
    CHECK(eventually([&] {
        out.send("two\n", code);
        return static_cast<bool>(code);
    }));
    CHECK((code == errc::closed || code == errc::peer_died));
}

}  // namespace parley::interop
