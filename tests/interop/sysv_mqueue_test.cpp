#include <array>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <fstream>
#include <optional>
#include <span>
#include <sstream>
#include <string>
#include <system_error>

#include <sys/ipc.h>
#include <sys/msg.h>
#include <unistd.h>

#include <parley/parley.hpp>

#include "conformance/venue.hpp"
#include "interop/program.hpp"
#include "support/catch.hpp"

/// `raw` over System V message queues: with Python's package sysv_ipc and `ipcs -q` at the other end.

namespace parley::interop {

using conformance::short_wait;
using conformance::steps;
using conformance::thrown_by;
using test::child;

using text = bytes<128>;
using letters = channel<text, sysv_mqueue, raw>;

struct pair_of_numbers {
    std::uint32_t first;
    std::uint32_t second;
};
using numbers = channel<pair_of_numbers, sysv_mqueue, raw, bounded<4>>;

/// A key that no other test uses, and its queue gone at the end.
class queue_key {
public:
    queue_key() {
        static unsigned count = 0;
        do {
            key_ = static_cast<::key_t>(0x50000000U | (static_cast<unsigned>(::getpid()) & 0xfffffU) << 8 |
                                        (count++ & 0xffU));
        } while (::msgget(key_, 0) >= 0);
    }
    queue_key(const queue_key&) = delete;
    queue_key& operator=(const queue_key&) = delete;
    ~queue_key() {
        if (const int number = ::msgget(key_, 0); number >= 0) {
            ::msgctl(number, IPC_RMID, nullptr);
        }
    }

    [[nodiscard]] ::key_t number() const noexcept { return key_; }
    [[nodiscard]] std::string decimal() const { return std::to_string(key_); }
    [[nodiscard]] std::string name() const {  // as ipcs writes it
        char result[16];
        std::snprintf(result, sizeof result, "0x%08x", static_cast<unsigned>(key_));
        return result;
    }

private:
    ::key_t key_ = 0;
};

TEST_CASE("sysv_mqueue, raw: sysv_ipc sends with any type, parley receives in order") {
    const queue_key queue;
    receiver<letters> in{queue.name()};
    program other = python(R"(
import sysv_ipc, sys
queue = sysv_ipc.MessageQueue(int(sys.argv[1]))
queue.send(b"first", type=7)
queue.send(b"second")
queue.send(b"")
)",
                           {queue.decimal()});
    REQUIRE(other.finish());
    CHECK(in.receive().as_string_view() == "first");
    CHECK(in.receive().as_string_view() == "second");
    CHECK(in.receive().as_string_view().empty());
    CHECK_FALSE(in.try_receive());
}

TEST_CASE("sysv_mqueue, raw: a receive that waits is ended by sysv_ipc's send, and the other way round") {
    const queue_key queue;
    receiver<letters> in{queue.name()};
    sender<letters> out{queue.decimal()};  // the same key
    steps step;
    child receiving{"receiver", [&] {
                        receiver<letters> mine{open_only, queue.name()};
                        PARLEY_CHECK_IN_CHILD(!mine.receive_for(short_wait));
                        step.reach(1);
                        PARLEY_CHECK_IN_CHILD(mine.receive().as_string_view() == "ping");
                    }};
    REQUIRE(step.await(1));
    program pings =
        python("import sysv_ipc, sys; sysv_ipc.MessageQueue(int(sys.argv[1])).send(b'ping')", {queue.decimal()});
    CHECK(receiving.join_ok());
    CHECK(pings.finish());

    program waits = python(R"(
import sysv_ipc, sys
queue = sysv_ipc.MessageQueue(int(sys.argv[1]))
print("ready")
content, kind = queue.receive()
print(content.decode(), kind)
)",
                           {queue.decimal()});
    CHECK(waits.read_line() == "ready");
    out.send("pong");
    CHECK(waits.read_line() == "pong 1");
    CHECK(waits.finish());
}

TEST_CASE("sysv_mqueue, raw: a path is the key that ftok makes of it, for sysv_ipc too") {
    const directory here;
    const auto path = here.file("key");
    CHECK(thrown_by([&] { return receiver<letters>{path}; }) == errc::invalid_name);
    CHECK(thrown_by([&] { return receiver<letters>{"0"}; }) == errc::invalid_name);
    CHECK(thrown_by([&] { return receiver<letters>{""}; }) == errc::invalid_name);
    std::ofstream{path} << "";
    receiver<letters> in{path};
    program other = python(R"(
import sysv_ipc, sys
sysv_ipc.MessageQueue(sysv_ipc.ftok(sys.argv[1], ord('p'), silence_warning=True)).send(b"found")
)",
                           {path});
    REQUIRE(other.finish());
    CHECK(in.receive().as_string_view() == "found");
    CHECK(letters::remove(path));
}

TEST_CASE("sysv_mqueue, raw: sysv_ipc sees the bound in bytes, and exactly as many messages as were accepted") {
    const queue_key queue;
    sender<numbers> out{queue.name()};
    receiver<numbers> in{queue.name()};
    std::uint32_t next = 0;
    const auto fill = [&] {
        while (out.try_send({next, 100 + next})) {
            ++next;
        }
    };
    fill();
    CHECK(next == 4);
    CHECK_FALSE(out.send_for({next, 0}, short_wait));
    CHECK(in.receive().second == 100);
    fill();
    CHECK(next == 5);
    program other = python(R"(
import struct, sysv_ipc, sys
queue = sysv_ipc.MessageQueue(int(sys.argv[1]))
print(queue.max_size, queue.current_messages, queue.mode)
for _ in range(4):
    print(*struct.unpack("=II", queue.receive()[0]))
)",
                           {queue.decimal()});
    CHECK(other.read_line() == "32 4 " + std::to_string(0600));
    CHECK(other.read_all() == "1 101\n2 102\n3 103\n4 104\n");
    CHECK(other.finish());
}

TEST_CASE("sysv_mqueue, raw: a queue that sysv_ipc has made is taken as it is, or refused with both bounds") {
    const queue_key queue;
    program other = python(R"(
import struct, sysv_ipc, sys
queue = sysv_ipc.MessageQueue(int(sys.argv[1]), sysv_ipc.IPC_CREX)
queue.send(b"1234567")
queue.send(b"123456789")
queue.send(struct.pack("=II", 1, 2))
)",
                           {queue.decimal()});
    REQUIRE(other.finish());
    receiver<channel<pair_of_numbers, sysv_mqueue, raw>> in{open_only, queue.name()};
    CHECK(thrown_by([&] { return in.receive(); }) == errc::corrupt);
    CHECK(thrown_by([&] { return in.try_receive(); }) == errc::corrupt);
    CHECK(in.receive().second == 2);
    try {
        receiver<numbers>{queue.name()};
        FAIL("a queue of another size is no bounded<4>");
    } catch (const error& refused) {
        CHECK(refused.code() == errc::incompatible);
        CHECK(std::string(refused.what()).find("asked:  32 bytes") != std::string::npos);
    }
}

TEST_CASE("sysv_mqueue, raw: a batch of messages of fixed size, among units that are too short and too long") {
    const queue_key queue;
    receiver<numbers> in{queue.name()};
    const auto send = [&](const char* units) {
        program other = python(R"(
import sysv_ipc, struct, sys
queue = sysv_ipc.MessageQueue(int(sys.argv[1]))
for unit in sys.argv[2].split():
    queue.send(struct.pack("=II", int(unit), 2) if unit.isdigit() else unit.encode())
)",
                               {queue.decimal(), units});
        REQUIRE(other.finish());
    };
    std::array<typename numbers::message, 4> got{};
    const auto expect = [&](std::size_t count, std::uint32_t first) {
        REQUIRE(in.receive(std::span{got}.first(count)) == count);
        for (std::uint32_t number = 0; number < count; ++number) {
            CHECK(got[number].first == first + number);
            CHECK(got[number].second == 2);
        }
    };
    send("0 1 2 3");
    expect(4, 0);
    send("4 short 5");
    expect(1, 4);
    CHECK(thrown_by([&] { return in.receive(std::span{got}); }) == errc::corrupt);
    expect(1, 5);
    send("6 nine_long 7");
    expect(1, 6);
    CHECK(thrown_by([&] { return in.receive(std::span{got}); }) == errc::corrupt);
    expect(1, 7);
    send("8 9");
    CHECK(numbers::remove(queue.name()));
    CHECK(thrown_by([&] { return in.receive(std::span{got}); }) == errc::closed);
}

TEST_CASE("sysv_mqueue, raw: ipcs -q shows the key, the permissions, the bytes and the messages") {
    const queue_key queue;
    sender<letters> out{queue.name(), {.permissions = 0640}};
    out.send("hello");
    out.send("world!");
    program ipcs{{"ipcs", "-q"}};
    const auto listed = ipcs.read_all();
    REQUIRE(ipcs.finish());
    const auto at = listed.find(queue.name());
    REQUIRE(at != std::string::npos);
    std::istringstream line{listed.substr(at)};
    std::string key;
    std::string number;
    std::string owner;
    std::string permissions;
    std::string used_bytes;
    std::string messages;
    line >> key >> number >> owner >> permissions >> used_bytes >> messages;
    CHECK(key == queue.name());
    CHECK(number == std::to_string(::msgget(queue.number(), 0)));
    CHECK(permissions == "640");
    CHECK(used_bytes == "11");
    CHECK(messages == "2");
}

TEST_CASE("sysv_mqueue, raw: unbounded goes on when the queue is full, and sysv_ipc gets all of it in order") {
    using poured = channel<text, sysv_mqueue, raw, unbounded>;
    constexpr int count = 5000;
    const queue_key queue;
    steps step;
    child sending{"sender", [&] {
                      sender<poured> out{queue.name()};
                      for (int number = 0; number < count; ++number) {
                          PARLEY_CHECK_IN_CHILD(out.try_send(std::to_string(number)));
                      }
                      step.reach(1);
                  }};
    REQUIRE(step.await(1));
    program other = python(R"(
import sysv_ipc, sys
queue = sysv_ipc.MessageQueue(int(sys.argv[1]))
for number in range(int(sys.argv[2])):
    assert queue.receive()[0] == str(number).encode()
print("all")
)",
                           {queue.decimal(), std::to_string(count)});
    CHECK(other.read_line() == "all");
    CHECK(other.finish());
    CHECK(sending.join_ok());
}

TEST_CASE("sysv_mqueue, raw: a port has one receiver, goes with it, and is taken over when it was killed") {
    using owned = channel<pair_of_numbers, sysv_mqueue, raw, port, bounded<2>>;
    const queue_key queue;
    CHECK(thrown_by([&] { return sender<owned>{queue.name()}; }) == errc::not_found);
    steps step;
    child killed{"receiver", [&] {
                     receiver<owned> in{queue.name()};
                     step.reach(1);
                     PARLEY_CHECK_IN_CHILD(step.await(1000));
                 }};
    REQUIRE(step.await(1));
    CHECK(thrown_by([&] { return receiver<owned>{queue.name()}; }) == errc::in_use);
    child waiting{"sender", [&] {
                      sender<owned> out{queue.name()};
                      out.send({1, 1});
                      out.send({2, 2});
                      PARLEY_CHECK_IN_CHILD(!out.send_for({3, 3}, short_wait));
                      step.reach(2);
                      std::error_code code;
                      PARLEY_CHECK_IN_CHILD(!out.send({3, 3}, code));
                      PARLEY_CHECK_IN_CHILD(code == errc::peer_died);
                      PARLEY_CHECK_IN_CHILD(!out.send({3, 3}, code));
                      PARLEY_CHECK_IN_CHILD(code == errc::closed);
                  }};
    REQUIRE(step.await(2));
    killed.kill9();
    CHECK(waiting.join_ok());
    std::optional<sender<owned>> out;
    {
        receiver<owned> in{queue.name()};
        out.emplace(queue.name());
        CHECK(in.receive().first == 1);  // what was accepted counts
        CHECK(in.receive().first == 2);
        out->send({7, 8});
        CHECK(in.receive().first == 7);
    }
    CHECK(thrown_by([&] { return out->send({3, 3}), 0; }) == errc::closed);
    CHECK_FALSE(owned::remove(queue.name()));
}

TEST_CASE("sysv_mqueue, raw: a mailbox stays until it is removed, which closes it at once") {
    const queue_key queue;
    { sender<letters>{queue.name()}.send("kept"); }
    receiver<letters> in{open_only, queue.name()};
    CHECK(in.receive().as_string_view() == "kept");
    CHECK(letters::remove(queue.name()));
    CHECK(thrown_by([&] { return in.receive(); }) == errc::closed);
    CHECK_FALSE(letters::remove(queue.name()));
    CHECK(thrown_by([&] { return receiver<letters>{open_only, queue.name()}; }) == errc::not_found);
    receiver<letters> another{create_only, queue.name()};
    CHECK(thrown_by([&] { return receiver<letters>{create_only, queue.name()}; }) == errc::already_exists);
}

}  // namespace parley::interop
