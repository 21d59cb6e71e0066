#include <chrono>
#include <csignal>
#include <cstdint>
#include <cstring>
#include <ctime>
#include <filesystem>
#include <iostream>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <system_error>
#include <tuple>
#include <vector>

#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <parley/parley.hpp>

#include "conformance/compositions.hpp"
#include "conformance/venue.hpp"
#include "support/catch.hpp"

/// Ports over datagram sockets: who owns a name, who may enter, and what the others see when a process ends.

namespace {

/// Text that must not be long.
struct short_text {
    std::string content;
};

}  // namespace

template <>
struct parley::codec<short_text> {
    static constexpr std::string_view parley_name = "short_text";
    static constexpr std::size_t max_size = 8;
    static std::size_t size(const short_text& text) { return text.content.size(); }
    static std::size_t encode(const short_text& text, std::span<std::byte> room) {
        std::memcpy(room.data(), text.content.data(), text.content.size());
        return text.content.size();
    }
    static std::optional<short_text> decode(std::span<const std::byte> room) {
        return short_text{{reinterpret_cast<const char*>(room.data()), room.size()}};
    }
};

namespace parley::conformance {

namespace {

using local_port = on<unix_datagram>::c<port>;
using internet_port = on<udp>::c<port>;

using ports = std::tuple<local_port,                                        //
                         on<unix_datagram>::c<port, bounded<1>>,            //
                         on<unix_datagram>::c<port, blocking_on<spin>>,     //
                         on<unix_datagram>::c<port, bounded_by_kernel>,     //
                         internet_port,                                     //
                         on<udp>::c<port, bounded<1>, blocking_on<spin>>>;  //

/// Sends until there is no room; at most so many, for where there always is.
template <class Sender>
void fill(Sender& out) {
    for (std::uint32_t number = 0; number < 1000 && out.try_send(item::make(1, number)); ++number) {
    }
}

/// A name of the abstract kind, and one that is a path.
std::string abstract_name() { return "@" + unique_name("datagram"); }
std::string path_name() { return (std::filesystem::temp_directory_path() / unique_name("datagram")).string(); }

}  // namespace

TEMPLATE_LIST_TEST_CASE("datagram port: one receiver at a time, and a dead one's name is taken over", "", ports) {
    using C = TestType;
    INFO(C::describe());
    venue<C> place;
    steps step;
    child first{"first", [&] {
                    auto in = place.receiver();
                    step.reach(1);
                    PARLEY_CHECK_IN_CHILD(step.await(2));
                }};
    REQUIRE(step.await(1));
    CHECK(thrown_by([&] { return receiver<C>{place.name()}; }) == errc::in_use);
    CHECK(thrown_by([&] { return receiver<C>{open_only, place.name()}; }) == errc::in_use);
    CHECK(thrown_by([&] { return receiver<C>{create_only, place.name()}; }) == errc::already_exists);
    step.reach(2);
    CHECK(first.join_ok());
    CHECK(thrown_by([&] { return receiver<C>{open_only, place.name()}; }) == errc::not_found);
    {
        receiver<C> second{create_only, place.name()};  // the name went with the first
        CHECK(second);
    }
    child third{"third", [&] {
                    auto in = place.receiver();
                    step.reach(3);
                    for (;;) {
                        ::pause();
                    }
                }};
    REQUIRE(step.await(3));
    third.kill9();
    CHECK(thrown_by([&] { return sender<C>{place.name()}; }) == errc::not_found);
    receiver<C> fourth{create_only, place.name()};  // a dead owner holds nothing
    sender<C> out{place.name()};
    put(out, item::make(1, 5));
    CHECK(get(fourth).number == 5);
}

TEMPLATE_TEST_CASE("datagram port: of a batch, what went before an error counts, and the next call meets it", "",
                   unix_datagram, udp) {
    using C = parley::channel<short_text, TestType, port, nonblocking>;
    const auto name = fresh_name<C>("batch");
    receiver<C> in{name};
    sender<C> out{name};
    const std::vector<short_text> batch{{"one"}, {"two"}, {"much too long"}, {"four"}};
    CHECK(out.send(std::span(batch)) == 2);
    CHECK(thrown_by([&] { return out.send(std::span(batch).subspan(2)); }) == errc::message_too_large);
    CHECK(get(in).content == "one");
    CHECK(get(in).content == "two");
    CHECK_FALSE(in.receive());
}

TEMPLATE_LIST_TEST_CASE("datagram port: a sender does not create it, and waits for it if asked to", "", ports) {
    using C = TestType;
    INFO(C::describe());
    venue<C> place;
    CHECK(thrown_by([&] { return sender<C>{place.name()}; }) == errc::not_found);
    CHECK(thrown_by([&] { return sender<C>{create_only, place.name()}; }) == errc::bad_state);
    CHECK(thrown_by([&] { return sender<C>{place.name(), options{.open_within = short_wait}}; }) == errc::not_found);
    steps step;
    child caller{"caller", [&] {
                     step.reach(1);
                     sender<C> out{place.name(), {.open_within = 60s}};
                     put(out, item::make(1, 5));
                 }};
    REQUIRE(step.await(1));
    receiver<C> in{place.name()};
    CHECK(get(in).number == 5);
    CHECK(caller.join_ok());
}

namespace {

/// What a process has used: one that waits without sleeping uses more and more.
[[nodiscard]] std::chrono::nanoseconds processor_time(pid_t pid) {
    ::clockid_t clock{};
    ::timespec used{};
    REQUIRE(::clock_getcpuclockid(pid, &clock) == 0);
    REQUIRE(::clock_gettime(clock, &used) == 0);
    return std::chrono::seconds(used.tv_sec) + std::chrono::nanoseconds(used.tv_nsec);
}

}  // namespace

TEMPLATE_LIST_TEST_CASE("datagram port: its receiver's death ends a sender's wait, its leaving closes it", "", ports) {
    using C = TestType;
    INFO(C::describe());
    for (const bool killed : {true, false}) {
        INFO("killed: " << killed);
        venue<C> place;
        steps filled;
        steps step;
        child owner{"owner", [&] {
                        auto in = place.receiver();
                        PARLEY_CHECK_IN_CHILD(step.await(1));
                    }};
        child waiting{"waiting", [&] {
                          auto out = place.sender();
                          fill(*out);
                          filled.reach(1);
                          const auto reason = thrown_by([&] { out->send(item::make(1, 2)); });
                          PARLEY_CHECK_IN_CHILD(reason == (killed ? errc::peer_died : errc::closed));
                          PARLEY_CHECK_IN_CHILD(thrown_by([&] { out->send(item::make(1, 2)); }) == errc::closed);
                          std::error_code code;
                          PARLEY_CHECK_IN_CHILD(!out->try_send(item::make(1, 2), code) && code == errc::closed);
                          PARLEY_CHECK_IN_CHILD(!out->send_for(item::make(1, 2), 1h, code) && code == errc::closed);
                      }};
        REQUIRE(filled.await(1));
        if constexpr (sender_sleeps<C>) {
            CHECK(eventually([&] { return is_asleep(waiting.pid()); }));
        } else if constexpr (sender_waits<C>) {  // who finds the receiver gone before it waits is told of an end
            const auto before = processor_time(waiting.pid());
            CHECK(eventually([&] { return processor_time(waiting.pid()) - before > 5ms; }));
        }
        const auto start = std::chrono::steady_clock::now();
        if (killed) {
            owner.kill9();
        } else {
            step.reach(1);
            CHECK(owner.join_ok());
        }
        CHECK(waiting.join_ok());
        std::cout << C::transport::name << " port: its receiver's " << (killed ? "death" : "leaving")
                  << " noticed after "
                  << std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - start).count()
                  << " ms\n";
    }
}

TEST_CASE("datagram port: the same at an abstract address, where no file tells") {
    using C = local_port;
    for (const bool killed : {true, false}) {
        INFO("killed: " << killed);
        const auto name = abstract_name();
        steps step;
        child owner{"owner", [&] {
                        receiver<C> in{name};
                        step.reach(1);
                        PARLEY_CHECK_IN_CHILD(step.await(3));
                    }};
        REQUIRE(step.await(1));
        child waiting{"waiting", [&] {
                          sender<C> out{name};
                          fill(out);
                          step.reach(2);
                          const auto reason = thrown_by([&] { out.send(item::make(1, 2)); });
                          PARLEY_CHECK_IN_CHILD(reason == (killed ? errc::peer_died : errc::closed));
                      }};
        REQUIRE(step.await(2));
        CHECK(eventually([&] { return is_asleep(waiting.pid()); }));
        if (killed) {
            owner.kill9();
        } else {
            step.reach(3);
            CHECK(owner.join_ok());
        }
        CHECK(waiting.join_ok());
    }
}

TEMPLATE_LIST_TEST_CASE("datagram port: its receiver waits on, whatever became of its senders", "", ports) {
    using C = TestType;
    venue<C> place;
    auto in = place.receiver();
    for (std::uint32_t number = 0; number < 3; ++number) {
        child caller{"caller", [&] {
                         auto out = place.sender();
                         out->send(item::make(1, number));
                         if (number == 1) {
                             ::raise(SIGKILL);
                         }
                     }};
        CHECK(in->receive().number == number);
        CHECK(caller.join() == (number == 1 ? 128 + SIGKILL : 0));
        CHECK_FALSE(in->receive_for(short_wait));
    }
}

TEST_CASE("datagram port: permissions are what was asked, whatever the umask") {
    using C = local_port;
    const auto before = ::umask(0);
    for (const ::mode_t mask : {0000U, 0027U, 0077U, 0777U}) {
        for (const ::mode_t asked : {0600U, 0660U, 0622U}) {
            ::umask(mask);
            const auto path = path_name();
            const receiver<C> in{path, {.permissions = asked}};
            struct ::stat status {};
            CHECK(::stat(path.c_str(), &status) == 0);
            CHECK((status.st_mode & 07777) == asked);
        }
    }
    ::umask(before);
}

TEST_CASE("datagram port: removing it closes it for everybody, and a new one begins at once") {
    using C = local_port;
    venue<C> place;
    steps step;
    child owner{"owner", [&] {
                    auto in = place.receiver();
                    step.reach(1);
                    PARLEY_CHECK_IN_CHILD(in->receive().number == 0);
                    step.reach(2);
                    const auto receive_on = [&] {  // what is sent before anybody notices is received
                        for (;;) {
                            static_cast<void>(in->receive());
                        }
                    };
                    PARLEY_CHECK_IN_CHILD(thrown_by(receive_on) == errc::closed);
                    PARLEY_CHECK_IN_CHILD(thrown_by([&] { return in->try_receive(); }) == errc::closed);
                    PARLEY_CHECK_IN_CHILD(step.await(3));
                }};
    REQUIRE(step.await(1));
    auto out = place.sender();
    out->send(item::make(1, 0));
    REQUIRE(step.await(2));
    CHECK(C::remove(place.name()));
    CHECK_FALSE(C::remove(place.name()));
    receiver<C> again{create_only, place.name()};
    CHECK(eventually([&] {
        std::error_code code;
        static_cast<void>(out->try_send(item::make(1, 1), code));
        return code == errc::closed;
    }));
    step.reach(3);
    CHECK(owner.join_ok());
    sender<C> anew{open_only, place.name()};  // what the first one left behind is not taken away by its leaving
    anew.send(item::make(1, 7));
    CHECK(again.receive().number == 7);
}

TEST_CASE("datagram port: another composition is refused, at once where a file tells and else when it is found out") {
    using Other = on<unix_datagram>::c<port, bounded<3>>;
    venue<local_port> place;
    auto in = place.receiver();
    try {
        const sender<Other> wrong{place.name()};
        FAIL("another composition was let in");
    } catch (const error& caught) {
        CHECK(caught.code() == errc::incompatible);
        CHECK(std::string(caught.what()).find(local_port::describe()) != std::string::npos);
        CHECK(std::string(caught.what()).find(Other::describe()) != std::string::npos);
    }
    CHECK_FALSE(in->try_receive());

    const auto found_out_late = [](auto& own, auto& wrong) {
        CHECK(wrong.try_send(item::make(1, 1)));
        CHECK_FALSE(own.try_receive());  // where it is answered
        std::error_code code;
        CHECK(eventually([&] {
            static_cast<void>(wrong.try_send(item::make(1, 1), code));
            return static_cast<bool>(code);
        }));
        CHECK(code == errc::incompatible);
        while (own.try_receive()) {
            FAIL("a message of another composition was received");
        }
    };
    {
        const auto name = abstract_name();
        receiver<local_port> own{name};
        sender<Other> wrong{name};
        found_out_late(own, wrong);
    }
    {
        using Wrong = on<udp>::c<port, bounded<3>>;
        venue<internet_port> elsewhere;
        auto own = elsewhere.receiver();
        sender<Wrong> wrong{elsewhere.name()};
        found_out_late(*own, wrong);
    }
}

TEST_CASE(
    "datagram port: a window that the kernel's queue would never hold is refused, with the limit and what to do") {
    try {
        const receiver<on<unix_datagram>::c<port, bounded<100000>>> in{unique_name("datagram")};
        FAIL("opened");
    } catch (const error& caught) {
        const std::string text = caught.what();
        CHECK(caught.code() == errc::no_space);
        CHECK(text.find("max_dgram_qlen") != std::string::npos);
        CHECK(text.find("bounded<100000>") != std::string::npos);
        CHECK(text.find("sysctl") != std::string::npos);
    }
    try {
        const receiver<on<udp>::c<port, bounded<100000000>>> in{fresh_address()};
        FAIL("opened");
    } catch (const error& caught) {
        const std::string text = caught.what();
        CHECK(caught.code() == errc::no_space);
        CHECK(text.find("net.core.rmem_max") != std::string::npos);
        CHECK(text.find("or bounded<") != std::string::npos);
    }
}

TEST_CASE("datagram port: names that cannot be addresses are refused") {
    for (const auto* name : {"", "@", "a\0b", "host:", "127.0.0.1:0", "127.0.0.1:65536", "1.2.3.4.5:6", "::1:5000"}) {
        CHECK(thrown_by([&] { return receiver<internet_port>{name}; }) == errc::invalid_name);
    }
    CHECK(thrown_by([&] { return receiver<local_port>{""}; }) == errc::invalid_name);
    CHECK(thrown_by([&] { return receiver<local_port>{"@"}; }) == errc::invalid_name);
    CHECK(thrown_by([&] { return receiver<local_port>{std::string(200, 'n')}; }) == errc::invalid_name);
    receiver<internet_port> six{"[::1]:20999"};
    sender<internet_port> out{"[::1]:20999"};
    out.send(item::make(1, 1));
    CHECK(six.receive().number == 1);
}

TEST_CASE("datagram port: large messages are as exact as small ones") {
    using large = bytes<60000>;
    const auto exact = [](auto& in, auto& out, std::size_t capacity) {
        std::size_t accepted = 0;
        while (out.try_send(large(std::string(60000, static_cast<char>('a' + accepted))))) {
            ++accepted;
        }
        CHECK(accepted == capacity);
        for (std::size_t number = 0; number < accepted; ++number) {
            const auto message = in.try_receive();
            REQUIRE(message);
            CHECK(message->as_string_view() == std::string(60000, static_cast<char>('a' + number)));
        }
        CHECK_FALSE(in.try_receive());
        CHECK(out.try_send(large(std::string_view("short"))));
        CHECK(in.receive().as_string_view() == "short");
    };
    {
        using C = channel<large, unix_datagram, port, bounded<8>>;
        const auto name = unique_name("datagram");
        receiver<C> in{name};
        sender<C> out{name};
        exact(in, out, 8);
    }
    {
        using C = channel<large, udp, port>;
        const auto name = fresh_address();
        receiver<C> in{name};
        sender<C> out{name};
        exact(in, out, C::buffering::capacity);
    }
}

TEST_CASE("datagram port: what waits in an unbounded sender is received although the sender leaves at once") {
    using C = on<unix_datagram>::c<port, unbounded>;
    constexpr std::uint32_t count = 5000;
    venue<C> place;
    auto in = place.receiver();
    child caller{"caller", [&] {
                     auto out = place.sender();
                     for (std::uint32_t number = 0; number < count; ++number) {
                         out->send(item::make(1, number));
                     }
                 }};
    for (std::uint32_t number = 0; number < count; ++number) {
        REQUIRE(in->receive().number == number);
    }
    CHECK(caller.join_ok());
    // And a receiver that dies keeps no sender from leaving.
    child owner{"owner", [&] {
                    receiver<C> dying{place.name() + "-dying"};
                    ::raise(SIGSTOP);
                }};
    CHECK(eventually([&] { return parley::test::state_of(owner.pid()) == 'T'; }));
    sender<C> out{place.name() + "-dying"};
    for (std::uint32_t number = 0; number < count; ++number) {
        out.send(item::make(1, number));
    }
    owner.kill9();
}

}  // namespace parley::conformance
