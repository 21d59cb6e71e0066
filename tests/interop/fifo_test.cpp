#include <array>
#include <atomic>
#include <chrono>
#include <csignal>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <optional>
#include <string>
#include <system_error>

#include <pthread.h>
#include <signal.h>
#include <sys/stat.h>

#include <parley/parley.hpp>

#include "conformance/venue.hpp"
#include "interop/program.hpp"
#include "support/catch.hpp"

/// `raw` over a fifo: with cat, the shell's redirections and head at the other end.

namespace parley::interop {

using conformance::short_wait;
using conformance::steps;
using conformance::thrown_by;
using test::child;
using test::eventually;

using text = bytes<4096>;
using lines = channel<text, fifo, raw>;

struct pair_of_numbers {
    std::uint32_t first;
    std::uint32_t second;
};
using numbers = channel<pair_of_numbers, fifo, raw>;

TEST_CASE("fifo, raw: cat gets the bytes, and its end of file when the sender goes") {
    const directory here;
    const auto path = here.file("lines");
    program cat{{"cat", (sender<lines>{path}, path)}};  // the sender made the fifo
    {
        sender<lines> out{path};
        out.send("one\n");
        out.send("two\n");
        CHECK(cat.read_line() == "one");
    }
    CHECK(cat.read_all() == "two\n");
    CHECK(cat.finish());
    CHECK(std::filesystem::is_fifo(path));
    CHECK(lines::remove(path));
    CHECK_FALSE(lines::remove(path));
}

TEST_CASE("fifo, raw: what the shell redirects into it is received, from one writer after another") {
    const directory here;
    const auto path = here.file("lines");
    receiver<lines> in{path};
    program first = shell("echo one > \"$1\"; echo two > \"$1\"", {path});
    CHECK(first.finish());
    CHECK(receive_bytes(in, 8) == "one\ntwo\n");
    CHECK_FALSE(in.try_receive());  // a writer that has gone is no end
    program second = shell("echo three > \"$1\"", {path});
    CHECK(receive_bytes(in, 6) == "three\n");
    CHECK(second.finish());
}

TEST_CASE("fifo, raw: a receive gives what there is, up to Max") {
    const directory here;
    const auto path = here.file("lines");
    using small = channel<bytes<3>, fifo, raw>;
    receiver<small> in{path};
    program writer = shell("printf 12345 > \"$1\"", {path});
    CHECK(writer.finish());
    CHECK(in.receive().as_string_view() == "123");
    CHECK(in.receive().as_string_view() == "45");
}

TEST_CASE("fifo, raw: a message of fixed size is received when all its bytes are there") {
    const directory here;
    const auto path = here.file("numbers");
    receiver<numbers> in{path};
    program writer{{"sh", "-c", "exec cat > \"$1\"", "sh", path}};
    writer.write(std::string_view{"\1\0\0", 3});
    // Gathered so far as it goes: the pipe is empty, and there is no message.
    CHECK(eventually([&] { return !in.try_receive() && in.receive_for(short_wait) == std::nullopt; }));
    writer.write(std::string_view{"\0\2\0\0\0\3", 6});
    const auto message = in.receive();
    CHECK(message.first == 1);
    CHECK(message.second == 2);
    writer.write(std::string_view{"\0\0\0\4\0\0\0", 7});
    const auto next = in.receive();
    CHECK(next.first == 3);
    CHECK(next.second == 4);
    CHECK(writer.finish());
}

TEST_CASE("fifo, raw: the beginning of a message stays where the channel was found closed before its rest came") {
    const directory here;
    const auto path = here.file("numbers");
    using owned = channel<pair_of_numbers, fifo, mailbox, raw>;
    receiver<owned> in{path};
    program writer{{"sh", "-c", "exec cat > \"$1\"", "sh", path}};
    std::array<pair_of_numbers, 2> got{};
    writer.write(std::string_view{"\1\0\0\0\2\0\0\0\3\0", 10});
    REQUIRE(eventually([&] { return in.try_receive(std::span{got}) == 1; }));
    CHECK(got[0].second == 2);
    REQUIRE(owned::remove(path));
    got.fill({77, 77});
    std::error_code code;
    CHECK(eventually([&] { return in.try_receive(std::span{got}, code) == 0 && code == errc::closed; }));
    got.fill({77, 77});
    writer.write(std::string_view{"\0\0\4\0\0\0", 6});
    CHECK(eventually([&] { return in.try_receive(std::span{got}, code) == 1; }));
    CHECK(got[0].first == 3);
    CHECK(got[0].second == 4);
    CHECK(writer.finish());
}

TEST_CASE("fifo, raw: without a reader there is no room, and a send that waits goes on when one comes") {
    const directory here;
    const auto path = here.file("lines");
    sender<lines> out{path};
    CHECK_FALSE(out.try_send("lost\n"));
    CHECK_FALSE(out.send_for("lost\n", short_wait));
    CHECK(out.native_handle() == -1);
    program cat{{"cat", path}};
    out.send("found\n");
    CHECK(out.native_handle() >= 0);
    CHECK(cat.read_line() == "found");
}

TEST_CASE("fifo, raw: when the last reader has gone the channel is closed, without a signal") {
    std::signal(SIGPIPE, SIG_DFL);
    const directory here;
    const auto path = here.file("lines");
    sender<lines> out{path};
    program head{{"head", "-n", "1", path}};
    out.send("one\n");
    CHECK(head.read_all() == "one\n");
    CHECK(head.finish());
    CHECK(thrown_by([&] { return out.try_send("two\n"); }) == errc::closed);
    CHECK(thrown_by([&] { return out.send("two\n"), 0; }) == errc::closed);
    ::sigset_t pending;
    REQUIRE(::sigpending(&pending) == 0);
    CHECK(::sigismember(&pending, SIGPIPE) == 0);
}

TEST_CASE("fifo, raw: a SIGPIPE of somebody else's stays pending") {
    const directory here;
    const auto path = here.file("lines");
    sender<lines> out{path};
    {
        receiver<lines> in{path};
        out.send("one\n");
    }
    ::sigset_t only;
    ::sigset_t before;
    ::sigemptyset(&only);
    ::sigaddset(&only, SIGPIPE);
    REQUIRE(::pthread_sigmask(SIG_BLOCK, &only, &before) == 0);
    REQUIRE(::pthread_kill(::pthread_self(), SIGPIPE) == 0);
    CHECK(thrown_by([&] { return out.try_send("two\n"); }) == errc::closed);
    const ::timespec at_once{};
    CHECK(::sigtimedwait(&only, nullptr, &at_once) == SIGPIPE);
    REQUIRE(::pthread_sigmask(SIG_SETMASK, &before, nullptr) == 0);
}

TEST_CASE("fifo, raw: a sender asleep in a full fifo is told that its reader was killed") {
    const directory here;
    const auto path = here.file("lines");
    steps step;
    sender<lines>{path};  // makes it
    program reader{{"sh", "-c", "exec 3< \"$1\"; read never", "sh", path}};
    child sender_process{"sender", [&] {
                             sender<lines> out{path};
                             const text page{std::string(4096, 'x')};
                             out.send(page);
                             while (out.try_send(page)) {
                             }
                             step.reach(1);
                             std::error_code code;
                             PARLEY_CHECK_IN_CHILD(!out.send(page, code));
                             PARLEY_CHECK_IN_CHILD(code == errc::closed);
                         }};
    REQUIRE(step.await(1));
    REQUIRE(eventually([&] { return conformance::is_asleep(sender_process.pid()); }));
    reader.process().kill9();
    CHECK(sender_process.join_ok());
}

TEST_CASE("fifo, raw: bounded<4> holds exactly four of parley's messages") {
    using four = channel<pair_of_numbers, fifo, raw, bounded<4>>;
    const directory here;
    const auto path = here.file("numbers");
    receiver<four> in{path};
    sender<four> out{path};
    std::uint32_t next = 0;
    const auto fill = [&] {
        while (out.try_send({next, 0})) {
            ++next;
        }
    };
    fill();
    CHECK(next == 4);
    CHECK_FALSE(out.send_for({next, 0}, short_wait));
    CHECK(in.receive().first == 0);
    fill();
    CHECK(next == 5);
    for (std::uint32_t number = 1; number < 5; ++number) {
        CHECK(in.try_receive().value().first == number);
    }
    CHECK_FALSE(in.try_receive());
}

TEST_CASE("fifo, raw: unbounded never waits, and cat gets all of it in order") {
    using poured = channel<text, fifo, raw, unbounded>;
    constexpr int count = 50'000;
    const directory here;
    const auto path = here.file("lines");
    sender<poured>{path};  // makes it, and does not wait for a reader that was never there
    program reader{{"sh", "-c", "exec 3< \"$1\"; read go; exec cat <&3", "sh", path}};
    {
        child sender_process{
            "sender", [&] {
                sender<poured> out{path};
                PARLEY_CHECK_IN_CHILD(eventually([&] { return out.try_send("") && out.native_handle() >= 0; }));
                for (int number = 0; number < count; ++number) {
                    PARLEY_CHECK_IN_CHILD(out.try_send(std::to_string(number) + "\n"));
                }
            }};
        reader.write("go\n");
        for (int number = 0; number < count; ++number) {
            if (reader.read_line() != std::to_string(number)) {
                FAIL("line " << number << " is missing");
            }
        }
        CHECK(sender_process.join_ok());
    }
    CHECK(reader.read_all().empty());
}

TEST_CASE("fifo, raw: a port has one receiver, goes with it, and is taken over when it was killed") {
    using owned = channel<pair_of_numbers, fifo, raw, port>;
    const directory here;
    const auto path = here.file("port");
    CHECK(thrown_by([&] { return sender<owned>{path}; }) == errc::not_found);
    steps step;
    child killed{"receiver", [&] {
                     receiver<owned> in{path};
                     step.reach(1);
                     PARLEY_CHECK_IN_CHILD(step.await(1000));
                 }};
    REQUIRE(step.await(1));
    CHECK(thrown_by([&] { return receiver<owned>{path}; }) == errc::in_use);
    child waiting{"sender", [&] {
                      sender<owned> out{path};
                      while (out.try_send({0, 0})) {
                      }
                      step.reach(2);
                      std::error_code code;
                      PARLEY_CHECK_IN_CHILD(!out.send({0, 0}, code));
                      PARLEY_CHECK_IN_CHILD(code == errc::peer_died);
                      PARLEY_CHECK_IN_CHILD(!out.send({0, 0}, code));
                      PARLEY_CHECK_IN_CHILD(code == errc::closed);
                  }};
    REQUIRE(step.await(2));
    REQUIRE(eventually([&] { return conformance::is_asleep(waiting.pid()); }));
    killed.kill9();
    CHECK(waiting.join_ok());
    std::optional<sender<owned>> out;
    {
        receiver<owned> in{path};
        out.emplace(path);
        out->send({7, 8});
        CHECK(in.receive().first == 7);
    }
    CHECK_FALSE(std::filesystem::exists(path));
    CHECK(thrown_by([&] { return out->send({0, 0}), 0; }) == errc::closed);
}

TEST_CASE("fifo, raw: permissions are those asked for, and what is no fifo is left alone") {
    const directory here;
    const auto path = here.file("lines");
    const auto umask_before = ::umask(0077);
    { receiver<lines> in{path, {.permissions = 0664}}; }
    ::umask(umask_before);
    struct ::stat status {};
    REQUIRE(::stat(path.c_str(), &status) == 0);
    CHECK((status.st_mode & 07777) == 0664);
    CHECK(thrown_by([&] { return receiver<lines>{create_only, path}; }) == errc::already_exists);

    const auto file = here.file("file");
    std::ofstream(file) << "text";
    CHECK(thrown_by([&] { return receiver<lines>{file}; }) == errc::corrupt);
    CHECK(thrown_by([&] { return sender<lines>{file}; }) == errc::corrupt);
    CHECK(thrown_by([&] { return lines::remove(file); }) == errc::corrupt);
    CHECK(std::filesystem::file_size(file) == 4);
    CHECK(thrown_by([&] { return receiver<lines>{open_only, here.file("none")}; }) == errc::not_found);
}

TEST_CASE("fifo, raw: a plain name is a fifo in the user's runtime directory, and removing it closes the channel") {
    const auto name = unique_name("interop");
    receiver<lines> in{name};
    CHECK(std::filesystem::is_fifo(os::runtime_directory() + "/" + name + ".fifo"));
    sender<lines> out{name};
    out.send("last\n");
    CHECK(lines::remove(name));
    CHECK(receive_bytes(in, 5) == "last\n");
    CHECK(thrown_by([&] { return in.receive(); }) == errc::closed);
}

}  // namespace parley::interop
