#include <cstdlib>
#include <cstring>
#include <string>

#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <parley/os/error.hpp>
#include <parley/os/runtime_directory.hpp>
#include <parley/transport/socket/address.hpp>

#include "support/catch.hpp"

/// Which address a name becomes.

namespace parley::transport::socket {

namespace {

std::string path_in(const address& of) { return reinterpret_cast<const ::sockaddr_un&>(of.storage).sun_path; }

template <class Call>
std::string refusal_of(Call call) {
    try {
        static_cast<void>(call());
    } catch (const error& caught) {
        CHECK(caught.code() == errc::invalid_name);
        return caught.what();
    }
    return {};
}

bool contains(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

}  // namespace

TEST_CASE("a bare local name lies in the runtime directory of the user") {
    const auto at = local_address("orders");
    CHECK(at.path == os::runtime_directory() + "/orders.sock");
    CHECK(path_in(at) == at.path);
    CHECK(at.family() == AF_UNIX);
    CHECK(at.text == "orders");
}

TEST_CASE("a local name with a slash is a path as it stands") {
    CHECK(local_address("/run/orders").path == "/run/orders");
    CHECK(local_address("./orders").path == "./orders");
}

TEST_CASE("a local name that begins with @ is abstract") {
    const auto at = local_address("@orders");
    CHECK_FALSE(at.has_path());
    const auto& local = reinterpret_cast<const ::sockaddr_un&>(at.storage);
    CHECK(at.length == offsetof(::sockaddr_un, sun_path) + 7);
    CHECK(std::memcmp(local.sun_path, "\0orders", 7) == 0);
}

TEST_CASE("a local name that fits no address is refused, with the limit") {
    const std::string longest = "/" + std::string(106, 'x');
    CHECK(local_address(longest).path == longest);
    CHECK(contains(refusal_of([&] { return local_address(longest + "x"); }), "107"));
    CHECK(local_address("@" + std::string(106, 'x')).text.size() == 107);
    CHECK(contains(refusal_of([] { return local_address("@" + std::string(107, 'x')); }), "107"));
    for (const auto& bad : {std::string{}, std::string{"@"}, std::string{"a\0b", 3}}) {
        INFO(bad);
        CHECK(contains(refusal_of([&] { return local_address(bad); }), "write a name"));
    }
}

TEST_CASE("host and port, in all the ways to write them") {
    const auto text = [](const char* name) { return internet_address(name, SOCK_STREAM).text; };
    CHECK(text("127.1.2.3:5000") == "127.1.2.3:5000");
    CHECK(text(":5000") == "127.0.0.1:5000");
    CHECK(text("5000") == "127.0.0.1:5000");
    CHECK(text("[::1]:5000") == "[::1]:5000");
    CHECK(text("localhost:5000") == "127.0.0.1:5000");  // whatever else the resolver has of that name
    CHECK(internet_address("[::1]:5000", SOCK_STREAM).family() == AF_INET6);
    CHECK(text("127.0.0.1:65535") == "127.0.0.1:65535");
    CHECK_FALSE(internet_address(":5000", SOCK_STREAM).has_path());
}

TEST_CASE("what is neither host nor port is refused, with the form") {
    for (const char* bad : {"", ":", "orders", "host:", "host:port", ":0", ":65536", ":5000x", "[::1]", "[::1]5000",
                            "[::1:5000", "::1:5000", ": 5000", ":-1"}) {
        INFO(bad);
        const auto text = refusal_of([&] { return internet_address(bad, SOCK_STREAM); });
        const bool says_the_form = contains(text, "host:port") || contains(text, "[::1]:5000");
        CHECK(says_the_form);
    }
}

}  // namespace parley::transport::socket
