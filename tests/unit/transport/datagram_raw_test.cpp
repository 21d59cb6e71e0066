#include <array>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <string>
#include <string_view>

#include <sys/socket.h>
#include <unistd.h>

#include <parley/parley.hpp>

#include "conformance/compositions.hpp"
#include "conformance/venue.hpp"
#include "support/catch.hpp"

/// `raw` over datagram sockets: nothing but the bytes, with programs that know nothing of parley.

namespace parley::conformance {

namespace {

using text = bytes<1000>;

/// A command in a child of its own, with `input` to read.
child running(const std::string& command, const std::string& input) {
    return child{
        command, [command, input] {
            std::array<int, 2> ends{};
            PARLEY_CHECK_IN_CHILD(::pipe(ends.data()) == 0);
            PARLEY_CHECK_IN_CHILD(::write(ends[1], input.data(), input.size()) == static_cast<::ssize_t>(input.size()));
            ::dup2(ends[0], STDIN_FILENO);
            ::close(ends[0]);
            ::close(ends[1]);
            ::execl("/bin/sh", "sh", "-c", ("exec " + command).c_str(), nullptr);
            ::_exit(127);
        }};
}

bool has_socat() { return std::system("command -v socat >/dev/null 2>&1") == 0; }

template <class Transport>
std::string name_for(const std::string& what) {
    if constexpr (Transport::capabilities.crosses_machines) {
        return fresh_address();
    } else {
        return "/tmp/" + unique_name(what);
    }
}

/// What socat(1) calls the address of that name, to send to or to receive from.
template <class Transport>
std::string for_socat(const std::string& name, bool to_receive) {
    if constexpr (!Transport::capabilities.crosses_machines) {
        return (to_receive ? "UNIX-RECV:" : "UNIX-SENDTO:") + name;
    } else {
        const auto colon = name.rfind(':');
        return to_receive ? "UDP-RECV:" + name.substr(colon + 1) + ",bind=" + name.substr(0, colon)
                          : "UDP-SENDTO:" + name;
    }
}

}  // namespace

TEMPLATE_TEST_CASE("raw datagrams: a datagram is a message, and the other way round", "", unix_datagram, udp) {
    using C = channel<text, TestType, port, raw>;
    static_assert(std::is_same_v<typename C::buffering, bounded_by_kernel>);
    const auto name = name_for<TestType>("raw");
    receiver<C> in{name};
    sender<C> out{name};
    for (const std::string_view each : {"one", "", "three"}) {
        out.send(text(each));
    }
    for (const std::string_view each : {"one", "", "three"}) {
        CHECK(in.receive().as_string_view() == each);
    }
    CHECK_FALSE(in.try_receive());

    // What is too long is none.
    const auto address = TestType::family::parse(name);
    const os::descriptor foreign{::socket(address.family(), SOCK_DGRAM | SOCK_CLOEXEC, 0)};
    const std::array<char, 1001> long_one{};
    CHECK(::sendto(foreign.get(), long_one.data(), long_one.size(), 0, address.get(), address.length) == 1001);
    CHECK(::sendto(foreign.get(), long_one.data(), 1000, 0, address.get(), address.length) == 1000);
    CHECK(in.receive().size() == 1000);
    CHECK(in.core().statistics().garbage == 1);
}

TEMPLATE_TEST_CASE("raw datagrams: a message of fixed size is its bytes, and nothing of another size is one", "",
                   unix_datagram, udp) {
    using C = channel<std::uint32_t, TestType, port, raw>;
    const auto name = name_for<TestType>("raw");
    receiver<C> in{name};
    const auto address = TestType::family::parse(name);
    const os::descriptor foreign{::socket(address.family(), SOCK_DGRAM | SOCK_CLOEXEC, 0)};
    const std::array<std::uint32_t, 2> numbers{7, 8};
    for (const std::size_t size : {3U, 4U, 5U, 0U, 8U, 4U}) {
        CHECK(::sendto(foreign.get(), numbers.data(), size, 0, address.get(), address.length) ==
              static_cast<::ssize_t>(size));
    }
    CHECK(in.receive() == 7);
    CHECK(in.receive() == 7);
    CHECK_FALSE(in.try_receive());
    CHECK(in.core().statistics().garbage == 4);
}

TEMPLATE_TEST_CASE("raw datagrams: socat sends to a receiver of parley's", "", unix_datagram, udp) {
    if (!has_socat()) {
        WARN("no socat here");
        return;
    }
    using C = channel<text, TestType, port, raw>;
    const auto name = name_for<TestType>("raw");
    receiver<C> in{name};
    auto socat = running("socat -u - " + for_socat<TestType>(name, false), "hello from socat");
    CHECK(in.receive().as_string_view() == "hello from socat");
    CHECK(socat.join_ok());
}

TEMPLATE_TEST_CASE("raw datagrams: a sender of parley's sends to socat", "", unix_datagram, udp) {
    if (!has_socat()) {
        WARN("no socat here");
        return;
    }
    using C = channel<text, TestType, port, raw>;
    const auto name = name_for<TestType>("raw");
    const auto heard = "/tmp/" + unique_name("heard");
    auto socat = running("socat -u " + for_socat<TestType>(name, true) + " OPEN:" + heard + ",creat,append", "");
    sender<C> out{name, {.open_within = 60s}};
    // Over udp nobody says when socat is there.
    CHECK(eventually([&] {
        std::error_code code;
        static_cast<void>(out.try_send(text(std::string_view("hello to socat")), code));
        std::ifstream file(heard);
        std::string line;
        std::getline(file, line);
        return line.rfind("hello to socat", 0) == 0;
    }));
    socat.kill9();
    ::unlink(heard.c_str());
    if constexpr (!TestType::capabilities.crosses_machines) {
        ::unlink(name.c_str());
    }
}

}  // namespace parley::conformance
