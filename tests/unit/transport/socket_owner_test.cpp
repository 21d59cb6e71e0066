#include <atomic>
#include <cstdint>
#include <filesystem>
#include <string>
#include <system_error>
#include <tuple>

#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <parley/parley.hpp>

#include "conformance/venue.hpp"
#include "support/catch.hpp"

/// Who owns the address of a socket, what is left of the dead, and who may come in.

namespace parley::conformance {

namespace {

template <class C>
std::string path_of(const std::string& name) {
    return transport::socket::local_address(name).path;
}

template <class Transport>
using port_over = channel<item, Transport, port>;

using local_ports = std::tuple<port_over<unix_stream>, port_over<unix_seqpacket>>;
using all_ports = std::tuple<port_over<unix_stream>, port_over<unix_seqpacket>, port_over<tcp>>;

::mode_t mode_of(const std::string& path) {
    struct ::stat status {};
    REQUIRE(::lstat(path.c_str(), &status) == 0);
    return status.st_mode & 07777;
}

}  // namespace

TEMPLATE_LIST_TEST_CASE("one live owner, and a dead one is succeeded", "", all_ports) {
    using C = TestType;
    venue<C> place;
    {
        receiver<C> first{place.name()};
        CHECK(thrown_by([&] { return receiver<C>{place.name()}; }) == errc::in_use);
        CHECK(thrown_by([&] { return receiver<C>{create_only, place.name()}; }) == errc::already_exists);
        sender<C> out{place.name()};
        out.send(item::make(1, 1));
        CHECK(first.receive().number == 1);
    }
    CHECK(thrown_by([&] { return sender<C>{place.name()}; }) == errc::not_found);
    CHECK(thrown_by([&] { return receiver<C>{open_only, place.name()}; }) == errc::not_found);
    steps step;
    child killed{"killed", [&] {
                     receiver<C> in{place.name()};
                     step.reach(1);
                     for (;;) {
                         ::pause();
                     }
                 }};
    REQUIRE(step.await(1));
    killed.kill9();
    CHECK(thrown_by([&] { return sender<C>{place.name()}; }) == errc::not_found);
    receiver<C> next{create_only, place.name()};
    sender<C> out{place.name()};
    out.send(item::make(1, 2));
    CHECK(next.receive().number == 2);
}

TEMPLATE_LIST_TEST_CASE("an owner that leaves takes its files along", "", local_ports) {
    using C = TestType;
    const auto name = unique_name("owner");
    const auto path = path_of<C>(name);
    {
        receiver<C> in{name};
        CHECK(std::filesystem::exists(path));
        CHECK(std::filesystem::exists(path + ".lock"));
    }
    CHECK_FALSE(std::filesystem::exists(path));
    CHECK_FALSE(std::filesystem::exists(path + ".lock"));
}

TEMPLATE_LIST_TEST_CASE("abstract addresses leave no file", "", local_ports) {
    using C = TestType;
    const auto name = "@" + unique_name("owner");
    receiver<C> in{name};
    CHECK(thrown_by([&] { return receiver<C>{name}; }) == errc::in_use);
    sender<C> out{name};
    out.send(item::make(1, 7));
    CHECK(in.receive().number == 7);
    CHECK_FALSE(C::remove(name));
}

TEMPLATE_LIST_TEST_CASE("permissions are what was asked, whatever the umask", "", local_ports) {
    using C = TestType;
    for (const ::mode_t mask : {0077U, 0000U, 0777U}) {
        const auto before = ::umask(mask);
        const auto name = unique_name("owner");
        {
            receiver<C> in{name, {.permissions = 0660}};
            CHECK(mode_of(path_of<C>(name)) == 0660);
            CHECK(mode_of(path_of<C>(name) + ".lock") == 0660);
        }
        {
            receiver<C> in{name};
            CHECK(mode_of(path_of<C>(name)) == 0600);
        }
        ::umask(before);
    }
}

TEMPLATE_LIST_TEST_CASE("another channel of that name is incompatible, and the text shows both", "", local_ports) {
    using C = TestType;
    using other = channel<std::uint64_t, typename C::transport, port>;
    const auto name = unique_name("owner");
    receiver<C> in{name};
    try {
        sender<other> out{name};
        FAIL("opened");
    } catch (const error& caught) {
        CHECK(caught.code() == errc::incompatible);
        const std::string text = caught.what();
        CHECK(text.find(C::describe()) != std::string::npos);
        CHECK(text.find(other::describe()) != std::string::npos);
    }
    CHECK_FALSE(in.try_receive());
}

TEST_CASE("without a file the receiver itself refuses another channel, at the sender's next calls") {
    const auto check = [](auto kind, const std::string& name) {
        using C = typename decltype(kind)::type;
        using other = channel<std::uint64_t, typename C::transport, port>;
        receiver<C> in{name};
        sender<C> sound{name};
        sender<other> out{name};
        std::error_code code;
        REQUIRE(eventually([&] {
            CHECK_FALSE(in.try_receive());
            static_cast<void>(out.try_send(1, code));
            return code == errc::incompatible;
        }));
        sound.send(item::make(1, 3));
        CHECK(in.receive().number == 3);
    };
    check(std::type_identity<port_over<unix_stream>>{}, "@" + unique_name("owner"));
    check(std::type_identity<port_over<unix_seqpacket>>{}, "@" + unique_name("owner"));
    check(std::type_identity<port_over<tcp>>{}, fresh_address());
}

TEMPLATE_LIST_TEST_CASE("a removed port is closed to everybody, after what was sent before", "", local_ports) {
    using C = TestType;
    const auto name = unique_name("owner");
    CHECK_FALSE(C::remove(name));
    receiver<C> in{name};
    sender<C> out{name};
    out.send(item::make(1, 4));
    CHECK(C::remove(name));
    CHECK_FALSE(C::remove(name));
    CHECK(in.receive().number == 4);
    CHECK(thrown_by([&] { return in.receive(); }) == errc::closed);
    CHECK(thrown_by([&] { out.send(item::make(1, 5)); }) == errc::closed);
    receiver<C> next{create_only, name};
    sender<C> to_next{name};
    to_next.send(item::make(1, 6));
    CHECK(next.receive().number == 6);
}

TEST_CASE("what is no socket is left alone") {
    using C = port_over<unix_stream>;
    const auto path = (std::filesystem::temp_directory_path() / unique_name("file")).string();
    std::ofstream{path} << "mine";
    CHECK(thrown_by([&] { return receiver<C>{path}; }) == errc::already_exists);
    CHECK(thrown_by([&] { return C::remove(path); }) == errc::corrupt);
    CHECK(std::filesystem::file_size(path) == 4);
    CHECK_FALSE(std::filesystem::exists(path + ".lock"));
    std::filesystem::remove(path);
}

TEST_CASE("a live program that knows nothing of parley keeps its socket") {
    using C = port_over<unix_stream>;
    const auto at = transport::socket::local_address(unique_name("foreign"));
    const os::descriptor foreign{::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)};
    REQUIRE(::bind(foreign.get(), at.get(), at.length) == 0);
    REQUIRE(::listen(foreign.get(), 5) == 0);
    CHECK(thrown_by([&] { return receiver<C>{at.path}; }) == errc::in_use);
    CHECK(std::filesystem::exists(at.path));
    std::filesystem::remove(at.path);
}

TEMPLATE_LIST_TEST_CASE("an owner that lacks a descriptor for something leaves no file", "", local_ports) {
    using C = TestType;
    const auto name = unique_name("owner");
    const auto path = path_of<C>(name);
    child owner{"owner", [&] {
                    ::rlimit few{};
                    PARLEY_CHECK_IN_CHILD(::getrlimit(RLIMIT_NOFILE, &few) == 0);
                    std::error_code before;  // a sanitizer needs a descriptor to look at its first error
                    const receiver<C> nowhere{"/" + name + "/orders", before};
                    PARLEY_CHECK_IN_CHILD(before);
                    unsigned failures = 0;
                    for (few.rlim_cur = 3;; ++few.rlim_cur) {
                        PARLEY_CHECK_IN_CHILD(::setrlimit(RLIMIT_NOFILE, &few) == 0);
                        std::error_code code;
                        const receiver<C> in{name, code};
                        if (!code) {
                            break;
                        }
                        ++failures;
                        PARLEY_CHECK_IN_CHILD(!std::filesystem::exists(path));
                        PARLEY_CHECK_IN_CHILD(!std::filesystem::exists(path + ".lock"));
                    }
                    PARLEY_CHECK_IN_CHILD(failures >= 3);  // a socket, a lock, and what waits for both
                }};
    CHECK(owner.join_ok());
}

TEST_CASE("more than the system gives is an error that names the limit and the remedies") {
    using C = channel<item, unix_stream, port, bounded<1'000'000>>;
    const auto name = unique_name("owner");
    receiver<C> in{name};
    try {
        sender<C> out{name};
        FAIL("opened");
    } catch (const error& caught) {
        CHECK(caught.code() == errc::no_space);
        const std::string text = caught.what();
        for (const char* part : {name.c_str(), "bounded<1000000>", "net.core.wmem_max", "sysctl", "or bounded<"}) {
            INFO(part);
            CHECK(text.find(part) != std::string::npos);
        }
    }
}

TEST_CASE("what a transport holds by nature fits what an unprivileged user may have, whatever the message") {
    using transport::socket::natural;
    static_assert(natural<char>::type::capacity == 64);
    static_assert(natural<std::array<char, 65536>>::type::capacity >= 1);
    static_assert(natural<std::array<char, 100'000'000>>::type::capacity == 1);
    SUCCEED();
}

}  // namespace parley::conformance
