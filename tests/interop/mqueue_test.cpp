#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <system_error>

#include <fcntl.h>
#include <mqueue.h>
#include <sys/stat.h>
#include <sys/vfs.h>

#include <parley/parley.hpp>

#include "conformance/venue.hpp"
#include "interop/program.hpp"
#include "support/catch.hpp"

/// `raw` over POSIX message queues: with Python's package posix_ipc at the other end, and the kernel's own entries in
/// /dev/mqueue.

namespace parley::interop {

using conformance::short_wait;
using conformance::steps;
using conformance::thrown_by;
using test::child;
using test::eventually;

using text = bytes<128>;
using letters = channel<text, mqueue, raw>;

struct pair_of_numbers {
    std::uint32_t first;
    std::uint32_t second;
};
using numbers = channel<pair_of_numbers, mqueue, raw, bounded<4>>;

/// A name, and the queue of that name gone at the end.
struct queue_name {
    std::string name = unique_name("interop");
    std::string full = "/" + name;
    queue_name() = default;
    queue_name(const queue_name&) = delete;
    queue_name& operator=(const queue_name&) = delete;
    ~queue_name() { ::mq_unlink(full.c_str()); }
};

TEST_CASE("mqueue, raw: posix_ipc sends, parley receives") {
    const queue_name queue;
    receiver<letters> in{queue.name};
    program other = python(R"(
import posix_ipc, sys
queue = posix_ipc.MessageQueue(sys.argv[1])
queue.send(b"first")
queue.send(b"urgent", priority=5)
queue.send(b"")
)",
                           {queue.full});
    REQUIRE(other.finish());
    CHECK(in.receive().as_string_view() == "urgent");  // the kernel delivers by priority
    CHECK(in.receive().as_string_view() == "first");
    CHECK(in.receive().as_string_view().empty());
    CHECK_FALSE(in.try_receive());
}

TEST_CASE("mqueue, raw: a receive asleep is ended by posix_ipc's send, and the other way round") {
    const queue_name queue;
    receiver<letters> in{queue.name};
    sender<letters> out{queue.name};
    child receiving{"receiver", [&] {
                        receiver<letters> mine{open_only, queue.name};
                        PARLEY_CHECK_IN_CHILD(mine.receive().as_string_view() == "ping");
                    }};
    REQUIRE(eventually([&] { return conformance::is_asleep(receiving.pid()); }));
    program pings = python("import posix_ipc, sys; posix_ipc.MessageQueue(sys.argv[1]).send(b'ping')", {queue.full});
    CHECK(receiving.join_ok());
    CHECK(pings.finish());

    program waits = python(R"(
import posix_ipc, sys
queue = posix_ipc.MessageQueue(sys.argv[1])
print("ready")
content, priority = queue.receive()
print(content.decode(), priority)
)",
                           {queue.full});
    CHECK(waits.read_line() == "ready");
    out.send("pong");
    CHECK(waits.read_line() == "pong 0");
    CHECK(waits.finish());
}

TEST_CASE("mqueue, raw: posix_ipc sees the attributes, and exactly as many messages as were accepted") {
    const queue_name queue;
    sender<numbers> out{queue.name};
    receiver<numbers> in{queue.name};
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
import posix_ipc, struct, sys
queue = posix_ipc.MessageQueue(sys.argv[1])
print(queue.max_messages, queue.max_message_size, queue.current_messages, queue.mode)
for _ in range(4):
    print(*struct.unpack("=II", queue.receive()[0]))
)",
                           {queue.full});
    CHECK(other.read_line() == "4 8 4 " + std::to_string(0600));
    CHECK(other.read_all() == "1 101\n2 102\n3 103\n4 104\n");
    CHECK(other.finish());
}

TEST_CASE("mqueue, raw: a queue that posix_ipc has made is taken as it is, or refused with both bounds") {
    const queue_name queue;
    program other = python(
        "import posix_ipc, sys; posix_ipc.MessageQueue(sys.argv[1], posix_ipc.O_CREX, max_messages=3, "
        "max_message_size=200).send(b'x' * 150)",
        {queue.full});
    REQUIRE(other.finish());
    receiver<letters> in{open_only, queue.name};
    sender<letters> out{queue.name};
    CHECK(thrown_by([&] { return in.receive(); }) == errc::corrupt);  // 150 bytes are no bytes<128>; they are dropped
    int sent = 0;
    while (out.try_send("fits")) {
        ++sent;
    }
    CHECK(sent == 3);
    CHECK(in.receive().as_string_view() == "fits");
    CHECK(thrown_by([&] { return receiver<channel<bytes<201>, mqueue, raw>>{queue.name}; }) == errc::incompatible);
    try {
        receiver<numbers>{queue.name};
        FAIL("a queue of three is no bounded<4>");
    } catch (const error& refused) {
        CHECK(refused.code() == errc::incompatible);
        const std::string what = refused.what();
        CHECK(what.find("3 messages of 200 bytes") != std::string::npos);
        CHECK(what.find("4 messages of 8 bytes") != std::string::npos);
    }
}

TEST_CASE("mqueue, raw: a unit of another size is corrupt and dropped, and the next is received") {
    const queue_name queue;
    receiver<numbers> in{queue.name};
    program other = python(R"(
import posix_ipc, struct, sys
queue = posix_ipc.MessageQueue(sys.argv[1])
queue.send(b"1234567")
queue.send(b"")
queue.send(struct.pack("=II", 1, 2))
)",
                           {queue.full});
    REQUIRE(other.finish());
    CHECK(thrown_by([&] { return in.receive(); }) == errc::corrupt);
    CHECK(thrown_by([&] { return in.try_receive(); }) == errc::corrupt);
    CHECK(in.receive().second == 2);
}

TEST_CASE(
    "mqueue, raw: a batch of messages of fixed size, from a queue that takes larger ones and from one that does not") {
    const bool larger = GENERATE(false, true);
    const queue_name queue;
    program other = python(R"(
import posix_ipc, struct, sys
queue = posix_ipc.MessageQueue(sys.argv[1], posix_ipc.O_CREX, max_messages=4, max_message_size=int(sys.argv[2]))
for number in range(3):
    queue.send(struct.pack("=II", number, 2))
queue.send(b"1234567")
)",
                           {queue.full, larger ? "200" : "8"});
    REQUIRE(other.finish());
    receiver<numbers> in{queue.name};
    std::array<typename numbers::message, 4> got{};
    REQUIRE(in.receive(std::span{got}.first(3)) == 3);
    for (std::uint32_t number = 0; number < 3; ++number) {
        CHECK(got[number].first == number);
        CHECK(got[number].second == 2);
    }
    CHECK(thrown_by([&] { return in.receive(std::span{got}); }) == errc::corrupt);
    CHECK(in.try_receive(std::span{got}) == 0);
}

TEST_CASE("mqueue, raw: the kernel's entry in /dev/mqueue tells the bytes that lie in the queue") {
    const queue_name queue;
    sender<letters> out{queue.name};
    out.send("hello");
    out.send("world!");
    constexpr auto of_queues = 0x19800202;  // statfs(2): MQUEUE_MAGIC
    struct ::statfs mounted {};
    const bool is_mounted = ::statfs("/dev/mqueue", &mounted) == 0 && mounted.f_type == of_queues;
    std::string entry;
    if (is_mounted) {
        program cat{{"cat", "/dev/mqueue/" + queue.name}};
        entry = cat.read_all();
        CHECK(cat.finish());
    } else {
        // In a mount namespace of its own, so that nothing is mounted for anybody else.
        const directory here;
        program mounting{{"unshare", "--mount", "sh", "-c", R"(mount -t mqueue none "$1" && exec cat "$1/$2")", "sh",
                          here.file("."), queue.name}};
        entry = mounting.read_all();
        if (!mounting.finish()) {
            WARN("/dev/mqueue is not mounted, and mounting it needs root: its entry was not read");
            return;
        }
    }
    CHECK(entry.substr(0, entry.find_first_of(" \n")) == "QSIZE:11");
}

TEST_CASE("mqueue, raw: unbounded goes on when the queue is full, and posix_ipc gets all of it in order") {
    using poured = channel<text, mqueue, raw, unbounded>;
    constexpr int count = 2000;
    const queue_name queue;
    steps step;
    child sending{"sender", [&] {
                      sender<poured> out{queue.name};
                      for (int number = 0; number < count; ++number) {
                          PARLEY_CHECK_IN_CHILD(out.try_send(std::to_string(number)));
                      }
                      step.reach(1);
                  }};
    REQUIRE(step.await(1));
    program other = python(R"(
import posix_ipc, sys
queue = posix_ipc.MessageQueue(sys.argv[1])
for number in range(int(sys.argv[2])):
    assert queue.receive()[0] == str(number).encode()
print("all")
)",
                           {queue.full, std::to_string(count)});
    CHECK(other.read_line() == "all");
    CHECK(other.finish());
    CHECK(sending.join_ok());
}

TEST_CASE("mqueue, raw: a port has one receiver, goes with it, and is taken over when it was killed") {
    using owned = channel<pair_of_numbers, mqueue, raw, port, bounded<2>>;
    const queue_name queue;
    CHECK(thrown_by([&] { return sender<owned>{queue.name}; }) == errc::not_found);
    steps step;
    child killed{"receiver", [&] {
                     receiver<owned> in{queue.name};
                     step.reach(1);
                     PARLEY_CHECK_IN_CHILD(step.await(1000));
                 }};
    REQUIRE(step.await(1));
    CHECK(thrown_by([&] { return receiver<owned>{queue.name}; }) == errc::in_use);
    child waiting{"sender", [&] {
                      sender<owned> out{queue.name};
                      out.send({1, 1});
                      out.send({2, 2});
                      step.reach(2);
                      std::error_code code;
                      PARLEY_CHECK_IN_CHILD(!out.send({3, 3}, code));
                      PARLEY_CHECK_IN_CHILD(code == errc::peer_died);
                      PARLEY_CHECK_IN_CHILD(!out.send({3, 3}, code));
                      PARLEY_CHECK_IN_CHILD(code == errc::closed);
                  }};
    REQUIRE(step.await(2));
    REQUIRE(eventually([&] { return conformance::is_asleep(waiting.pid()); }));
    killed.kill9();
    CHECK(waiting.join_ok());
    std::optional<sender<owned>> out;
    {
        receiver<owned> in{queue.name};
        out.emplace(queue.name);
        CHECK(in.receive().first == 1);  // what was accepted counts
        CHECK(in.receive().first == 2);
        out->send({7, 8});
        CHECK(in.receive().first == 7);
        out->send({1, 1});
        out->send({2, 2});
    }
    CHECK(thrown_by([&] { return out->send({3, 3}), 0; }) == errc::closed);
    CHECK_FALSE(owned::remove(queue.name));
}

TEST_CASE("mqueue, raw: a mailbox stays until it is removed, and one with an owner goes with it") {
    const queue_name queue;
    { sender<letters>{queue.name}.send("kept"); }
    receiver<letters> in{open_only, queue.name};
    CHECK(letters::remove(queue.name));
    CHECK(in.receive().as_string_view() == "kept");
    CHECK(thrown_by([&] { return in.receive(); }) == errc::closed);
    CHECK_FALSE(letters::remove(queue.name));
    CHECK(thrown_by([&] { return receiver<letters>{open_only, queue.name}; }) == errc::not_found);

    using owned = channel<text, mqueue, raw, owner_lifetime>;
    std::optional<receiver<owned>> guest;
    {
        sender<owned> owner{create_only, queue.name};
        guest.emplace(open_only, queue.name);
        CHECK(thrown_by([&] { return sender<owned>{create_only, queue.name}; }) == errc::already_exists);
    }
    CHECK(thrown_by([&] { return guest->receive(); }) == errc::closed);
    CHECK_FALSE(owned::remove(queue.name));
}

TEST_CASE("mqueue, raw: permissions are those asked for") {
    const queue_name queue;
    const auto umask_before = ::umask(0077);
    receiver<letters> in{queue.name, {.permissions = 0664}};
    ::umask(umask_before);
    struct ::stat status {};
    REQUIRE(::fstat(in.native_handle(), &status) == 0);
    CHECK((status.st_mode & 07777) == 0664);
    CHECK((::fcntl(in.native_handle(), F_GETFD) & FD_CLOEXEC) != 0);
    CHECK(thrown_by([&] { return receiver<letters>{"a/b"}; }) == errc::invalid_name);
}

}  // namespace parley::interop
