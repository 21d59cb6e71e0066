#include "session.hpp"

using namespace parley;
using namespace parley::test;

/// The end of a channel and the death of one who was at work in it, together.

TEST_CASE("what was sent behind a dead sender's message is drained after the end") {
    using C = channel<letter, bounded<64>>;
    const auto name = unique_name("crash-end");
    for (const bool blocking_reader : {false, true}) {
        receiver<C> in{create_only, name};
        child victim("victim", [&] {
            sender<C> out{name};
            die_at({"mpmc: slot written, not published", 1});
            out.send(letter::make(1, 0));
        });
        CHECK(victim.join() == 128 + SIGKILL);
        {
            sender<C> out{name};
            for (std::uint32_t number = 0; number < 5; ++number) {
                out.send(letter::make(0, number));
            }
        }
        REQUIRE(C::remove(name));
        std::uint32_t expected = 0;
        std::error_code code;
        const auto until = std::chrono::steady_clock::now() + std::chrono::seconds(20);
        while (!code && std::chrono::steady_clock::now() < until) {
            const auto it = blocking_reader ? in.receive(code) : in.try_receive(code);
            if (it) {
                CHECK(it->number == expected++);
            }
        }
        CHECK(code == errc::closed);
        CHECK(expected == 5);
    }
}

TEST_CASE("what a dead receiver held is drained after the end") {
    using C = channel<letter, mailbox_by<parley::any, at_least_once>, bounded<64>>;
    const auto name = unique_name("crash-end");
    receiver<C> in{create_only, name};
    sender<C> out{name};
    for (std::uint32_t number = 0; number < 5; ++number) {
        out.send(letter::make(0, number));
    }
    child victim("victim", [&] {
        receiver<C> held{name};
        die_at({"mpmc: message read, slot not freed", 3});
        std::array<letter, 4> batch;
        static_cast<void>(held.receive(batch));
    });
    CHECK(victim.join() == 128 + SIGKILL);
    REQUIRE(C::remove(name));
    std::set<std::uint32_t> got;
    std::error_code code;
    const auto until = std::chrono::steady_clock::now() + std::chrono::seconds(20);
    while (!code && std::chrono::steady_clock::now() < until) {
        if (const auto it = in.try_receive(code)) {
            CHECK(got.insert(it->number).second);
        }
    }
    CHECK(code == errc::closed);
    CHECK(got == std::set<std::uint32_t>{2, 3, 4});
}

TEST_CASE("a mailbox whose dead sender won a large batch goes on at once") {
    using C = channel<letter>;
    const auto name = unique_name("crash-end");
    receiver<C> in{create_only, name};
    child victim("victim", [&] {
        sender<C> out{name};
        die_at({"mpmc: slot written, not published", 1});
        const std::vector<letter> batch(1000, letter::make(1, 0));
        out.send(std::span<const letter>(batch));
    });
    CHECK(victim.join() == 128 + SIGKILL);
    sender<C> out{name};
    out.send(letter::make(0, 7));
    const auto begin = std::chrono::steady_clock::now();
    CHECK(in.receive().number == 7);
    const auto took = std::chrono::steady_clock::now() - begin;
    std::fprintf(stderr, "  1000 tickets of a dead sender closed within %.0f ms\n",
                 std::chrono::duration<double>(took).count() * 1000.0);
    REQUIRE(C::remove(name));
}
