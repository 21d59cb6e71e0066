#include <parley/channel.hpp>

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>
#include <type_traits>
#include <utility>

#include <parley/parley.hpp>

#include "support/catch.hpp"
#include "support/process.hpp"

using namespace std::chrono_literals;
using parley::errc;
using parley::test::unique_name;

namespace {

using numbers = parley::channel<std::uint32_t, parley::shm, parley::bounded<3>>;
using polled = parley::channel<std::uint32_t, parley::shm, parley::bounded<3>, parley::nonblocking>;
using by_port = parley::channel<std::uint32_t, parley::shm, parley::port>;
using letters = parley::channel<parley::bytes<8>, parley::shm, parley::bounded<3>>;
using links = parley::channel<std::uint32_t, parley::shm, parley::direct, parley::bounded<3>>;
using nameless = parley::channel<std::uint32_t, parley::anonymous_shm, parley::bounded<3>>;

template <class C>
class name {
public:
    ~name() {
        std::error_code ignored;
        C::remove(value_, ignored);
    }
    operator std::string_view() const noexcept { return value_; }

private:
    std::string value_ = unique_name("ends");
};

template <class Call>
errc thrown_by(Call call) {
    try {
        static_cast<void>(call());
    } catch (const parley::error& caught) {
        return static_cast<errc>(caught.code().value());
    }
    return errc{};
}

}  // namespace

// What a side cannot do does not compile, and what it does is what its kind returns.
namespace {

template <class End>
concept sends_for = requires(End& end) {
    end.send_for(1U, 1ms);
};
template <class End>
concept receives_for = requires(End& end) {
    end.receive_for(1ms);
};
template <class End>
concept lends_waiting = requires(End& end) {
    end.loan();
};
template <class End>
concept has_descriptor = requires(End& end) {
    end.descriptor();
};
template <class C>
concept removable = requires {
    C::remove("x");
};
template <class C>
concept pairable = requires {
    C::pair();
};

static_assert(sends_for<parley::sender<numbers>> && !sends_for<parley::sender<polled>>);
static_assert(receives_for<parley::receiver<numbers>> && !receives_for<parley::receiver<polled>>);
static_assert(lends_waiting<parley::sender<numbers>> && !lends_waiting<parley::sender<polled>>);
static_assert(has_descriptor<parley::sender<nameless>> && !has_descriptor<parley::sender<numbers>>);
static_assert(removable<numbers> && !removable<nameless>);
static_assert(pairable<nameless> && !pairable<numbers>);
static_assert(std::is_same_v<decltype(std::declval<parley::receiver<numbers>&>().receive()), std::uint32_t>);
static_assert(
    std::is_same_v<decltype(std::declval<parley::receiver<polled>&>().receive()), std::optional<std::uint32_t>>);
static_assert(std::is_same_v<decltype(std::declval<parley::sender<numbers>&>().send(1U)), void>);
static_assert(std::is_same_v<decltype(std::declval<parley::sender<polled>&>().send(1U)), bool>);
static_assert(std::is_nothrow_move_constructible_v<parley::sender<numbers>> &&
              !std::is_copy_constructible_v<parley::sender<numbers>>);
static_assert(std::is_nothrow_move_constructible_v<parley::endpoint<links>> &&
              !std::is_copy_constructible_v<parley::endpoint<links>>);
static_assert(noexcept(std::declval<parley::sender<numbers>&>().send(1U, std::declval<std::error_code&>())));
static_assert(noexcept(std::declval<parley::receiver<numbers>&>().receive(std::declval<std::error_code&>())));
static_assert(noexcept(parley::sender<numbers>("x", std::declval<std::error_code&>())));
static_assert(noexcept(numbers::remove("x", std::declval<std::error_code&>())));

}  // namespace

TEST_CASE("an end that could not be opened says so, and says why") {
    std::error_code code;
    parley::sender<by_port> none{unique_name("nobody"), code};
    CHECK(code == errc::not_found);
    CHECK_FALSE(none);
    CHECK(thrown_by([&] { none.send(1); }) == errc::bad_state);
    CHECK_FALSE(none.send(1, code));
    CHECK(code == errc::bad_state);
    try {
        parley::sender<by_port> thrown{"nobody-there"};
        FAIL("opened");
    } catch (const parley::error& caught) {
        const std::string text = caught.what();
        CHECK(text.find("nobody-there") != std::string::npos);  // what was asked
        CHECK(text.find("open_within") != std::string::npos);   // what to do
    }
}

TEST_CASE("an end that is moved from is empty, one that is moved to goes on") {
    const name<numbers> used;
    parley::sender<numbers> first{used};
    parley::receiver<numbers> in{used};
    first.send(1);
    parley::sender<numbers> second{std::move(first)};
    // NOLINTNEXTLINE(bugprone-use-after-move): that is what is tested
    CHECK_FALSE(first);
    CHECK(second);
    second.send(2);
    first = std::move(second);
    CHECK(first);
    first.send(3);
    CHECK(in.receive() == 1);
    CHECK(in.receive() == 2);
    CHECK(in.receive() == 3);

    // What an end was attached to before is left when something else is moved in.
    using port_receiver = parley::receiver<by_port>;
    const name<by_port> one;
    const name<by_port> other;
    port_receiver here{one};
    here = port_receiver{other};
    CHECK(port_receiver(parley::create_only, one));
    CHECK(thrown_by([&] { return port_receiver{other}; }) == errc::in_use);
}

TEST_CASE("a loan is sent once, or let go") {
    const name<numbers> used;
    parley::sender<numbers> out{used};
    parley::receiver<numbers> in{used};
    auto loan = out.loan();
    *loan = 5;
    auto moved = std::move(loan);
    // NOLINTNEXTLINE(bugprone-use-after-move): that is what is tested
    CHECK(thrown_by([&] { out.send(std::move(loan)); }) == errc::bad_state);
    out.send(std::move(moved));
    // NOLINTNEXTLINE(bugprone-use-after-move): that is what is tested
    CHECK(thrown_by([&] { out.send(std::move(moved)); }) == errc::bad_state);
    CHECK(in.receive() == 5);
    for (int round = 0; round < 10; ++round) {
        {
            auto dropped = out.loan();
            *dropped = 99;
        }
        CHECK_FALSE(in.try_receive());  // nothing was sent; who passes by frees the place
    }
    CHECK(out.try_send(1));
    CHECK(out.try_send(2));
    CHECK(out.try_send(3));
    CHECK_FALSE(out.try_loan());
    CHECK_FALSE(out.loan_for(1ms));
    CHECK(in.receive() == 1);
    auto last = out.try_loan();
    REQUIRE(last);
    **last = 4;
    auto assigned = std::move(*last);
    out.send(std::move(assigned));
    for (std::uint32_t expected = 2; expected <= 4; ++expected) {
        CHECK(in.receive() == expected);
    }
}

TEST_CASE("a message that is held keeps its place until it is released") {
    const name<numbers> used;
    parley::sender<numbers> out{used};
    parley::receiver<numbers> in{used};
    for (std::uint32_t number = 0; number < 3; ++number) {
        out.send(number);
    }
    {
        auto held = in.take();
        CHECK(*held == 0);
        CHECK_FALSE(out.try_send(3));
        auto moved = std::move(held);
        CHECK(*moved == 0);
        held.release();  // NOLINT(bugprone-use-after-move): nothing happens
        CHECK_FALSE(out.try_send(3));
        moved.release();
        CHECK(out.try_send(3));
        moved.release();  // nothing: it was released
        CHECK_FALSE(out.try_send(4));
    }
    CHECK(*in.take() == 1);
    CHECK(**in.take_for(1h) == 2);
    CHECK(in.receive() == 3);
    CHECK_FALSE(in.take_for(1ms));
}

TEST_CASE("a loan of bytes") {
    const name<letters> used;
    parley::sender<letters> out{used};
    parley::receiver<letters> in{used};
    auto loan = out.loan();
    CHECK(loan.room().size() == 8);
    loan.room()[0] = std::byte{'x'};
    loan.resize(1);
    CHECK(thrown_by([&] { loan.resize(9); }) == errc::message_too_large);
    out.send(std::move(loan));
    CHECK(in.receive().as_string_view() == "x");
}

TEST_CASE("a link ends with its endpoint") {
    const name<links> alice;
    const name<links> bob;
    std::optional<parley::endpoint<links>> me{alice};
    parley::endpoint<links> peer{bob};
    auto link = me->link(bob);
    auto again = me->link(bob);
    link.send(1);
    again.send(2);
    CHECK(peer.receive(alice) == 1);
    CHECK(peer.receive(alice) == 2);
    me.reset();
    CHECK(thrown_by([&] { link.send(1); }) == errc::bad_state);
    std::error_code code;
    CHECK_FALSE(link.send(1, code));
    CHECK(code == errc::bad_state);
    CHECK_FALSE(again.receive(code));
    CHECK(code == errc::bad_state);

    parley::endpoint<links> refused{bob, code};
    CHECK(code == errc::in_use);
    CHECK_FALSE(refused);
    CHECK(thrown_by([&] { refused.send(alice, 1); }) == errc::bad_state);
    refused = parley::endpoint<links>{alice};
    CHECK(refused);
    CHECK(refused.name() == std::string_view{alice});
}

TEST_CASE("every error has the text of its condition, and compares with the standard's where there is one") {
    for (int value = 1; value <= static_cast<int>(errc::system); ++value) {
        const auto code = parley::make_error_code(static_cast<errc>(value));
        CHECK(code.message() != "unknown parley error");
        CHECK_FALSE(code.message().empty());
    }
    CHECK(std::string(parley::error_category().name()) == "parley");
    CHECK(parley::make_error_code(errc::no_space) == std::errc::no_space_on_device);
    CHECK(parley::make_error_code(errc::already_exists) == std::errc::file_exists);
    CHECK(parley::make_error_code(errc::closed) != std::errc::no_space_on_device);
}

TEST_CASE("deadlines") {
    using parley::os::deadline;
    CHECK(deadline::never().is_never());
    CHECK_FALSE(deadline::never().passed());
    CHECK(deadline::after(-1h).passed());
    CHECK(deadline::after(0ms).passed());
    CHECK_FALSE(deadline::after(1h).passed());
    CHECK(deadline::after(std::chrono::hours::max()).is_never());
    CHECK(deadline::after(std::chrono::nanoseconds::max()).is_never());
    CHECK(deadline::after(std::chrono::duration<double>{1e300}).is_never());
    CHECK(deadline::after(std::chrono::nanoseconds::min()).passed());
    CHECK(deadline::after(std::chrono::hours::min()).passed());
    CHECK(deadline::after(std::chrono::duration<double>{-1e300}).passed());
    using far = std::chrono::time_point<std::chrono::system_clock, std::chrono::hours>;
    CHECK_FALSE(deadline::until(far::max()).passed());
    CHECK(deadline::until(far::min()).passed());
    CHECK(deadline::until(std::chrono::system_clock::now() - 1h).passed());
    CHECK_FALSE(deadline::until(std::chrono::system_clock::now() + 1h).passed());
    CHECK(deadline::until(std::chrono::system_clock::time_point::min()).passed());
    CHECK_FALSE(deadline::until(std::chrono::system_clock::time_point::max()).passed());
    CHECK(deadline::until(std::chrono::steady_clock::time_point::min()).passed());
    CHECK_FALSE(deadline::until(std::chrono::steady_clock::time_point::max()).passed());
    CHECK(deadline::after(1h).left(1ms) == 1ms);
    CHECK(deadline::after(-1h).left(1ms) == 0ms);
}

TEST_CASE("loans and messages in place are to be had without exceptions, too") {
    const name<numbers> where;
    parley::sender<numbers> out{where};
    parley::receiver<numbers> in{where};
    std::error_code code;
    auto slot = out.loan(code);
    REQUIRE(slot);
    **slot = 1;
    out.send(std::move(*slot));
    auto second = out.loan_for(1s, code);
    REQUIRE(second);
    **second = 2;
    CHECK(out.send(std::move(*second), code));
    {
        const auto held = in.take(code);
        REQUIRE(held);
        CHECK(**held == 1);
    }
    {
        const auto held = in.take_for(1s, code);
        REQUIRE(held);
        CHECK(**held == 2);
    }
    CHECK_FALSE(in.take_for(1ms, code));
    CHECK_FALSE(code);
    numbers::remove(where);
    CHECK_FALSE(out.loan(code));
    CHECK(code == errc::closed);
    CHECK_FALSE(out.loan_for(1s, code));
    CHECK(code == errc::closed);
    CHECK_FALSE(in.take(code));
    CHECK(code == errc::closed);
    CHECK_FALSE(in.take_for(1s, code));
    CHECK(code == errc::closed);
}

TEST_CASE("an endpoint's calls are to be had without exceptions, too") {
    const name<links> alice_name;
    const name<links> bob_name;
    std::error_code code;
    parley::endpoint<links> alice{parley::create_only, alice_name, {}, code};
    REQUIRE(alice);
    CHECK_FALSE(parley::endpoint<links>(parley::create_only, alice_name, {}, code));
    CHECK(code == errc::already_exists);
    CHECK_FALSE(parley::endpoint<links>(alice_name, code));
    CHECK(code == errc::in_use);
    parley::endpoint<links> bob{bob_name, code};
    REQUIRE(bob);
    const std::string_view to_alice = alice_name;
    const std::string_view to_bob = bob_name;

    CHECK(alice.send_for(to_bob, 1, 1s, code));
    CHECK(alice.send_until(to_bob, 2, std::chrono::system_clock::now() + 1s, code));
    CHECK(bob.receive_for(to_alice, 1s, code) == 1U);
    CHECK(bob.receive_until(to_alice, std::chrono::steady_clock::now() + 1s, code) == 2U);
    CHECK(alice.send(to_bob, 3, code));
    CHECK(alice.send(to_bob, 4, code));
    const auto third = bob.receive_for(1s, code);
    REQUIRE(third);
    CHECK(third->first == to_alice);
    CHECK(third->second == 3);
    CHECK(bob.receive_until(std::chrono::steady_clock::now() + 1s, code)->second == 4);
    CHECK_FALSE(bob.receive_for(1ms, code));
    CHECK_FALSE(code);
    auto link = bob.link(to_alice, code);
    REQUIRE(link);
    CHECK(link->send(5, code));
    CHECK(alice.receive(to_bob) == 5U);

    const std::string_view bad = "a~b";
    CHECK_FALSE(bob.link(bad, code));
    CHECK(code == errc::invalid_name);
    CHECK_FALSE(bob.send_for(bad, 1, 1s, code));
    CHECK(code == errc::invalid_name);
    CHECK_FALSE(bob.receive_for(bad, 1s, code));
    CHECK(code == errc::invalid_name);
}

TEST_CASE("an endpoint that never waits does not wait in the form without exceptions either") {
    using polled_links = parley::channel<std::uint32_t, parley::shm, parley::direct, parley::nonblocking>;
    const name<polled_links> alice_name;
    parley::endpoint<polled_links> alice{alice_name};
    std::error_code code;
    CHECK_FALSE(alice.receive(code));
    CHECK_FALSE(code);
}

TEST_CASE("a pair without exceptions") {
    std::error_code code;
    auto ends = nameless::pair(code);
    REQUIRE(ends);
    ends->first.send(7);
    CHECK(ends->second.receive() == 7U);
}
