#pragma once

#include <algorithm>
#include <array>
#include <chrono>
#include <csignal>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <iostream>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <thread>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

#include <poll.h>
#include <unistd.h>

#include <parley/parley.hpp>

#include "conformance/huge.hpp"
#include "conformance/venue.hpp"
#include "support/catch.hpp"

/// Processes that are killed while they wait on a socket, in each state in which they can: the other side has its
/// answer at once, the next process of that name is served, and nothing is left behind.
///
/// Who includes this says before which transport is meant: `transport_under_test` in parley::conformance.

namespace parley::conformance {

namespace {

template <class Message>
Message made() {
    if constexpr (std::is_same_v<Message, huge>) {
        return {std::vector<std::byte>(huge::size, std::byte{7})};
    } else {
        return item::make(1, 7);
    }
}

template <class Message>
bool is_whole(const Message& message) {
    if constexpr (std::is_same_v<Message, huge>) {
        return message.content.size() == huge::size && message.content.back() == std::byte{7};
    } else {
        return message.sound();
    }
}

/// Sends until nothing more is accepted, and waits there.
template <class End>
[[noreturn]] void send_for_ever(End& out) {
    const auto message = made<typename channel_of<End>::message>();
    for (;;) {
        out.send(message);
    }
}

template <class End>
[[noreturn]] void receive_for_ever(End& in) {
    for (;;) {
        static_cast<void>(in.receive());
    }
}

/// Kills when the victim sleeps, and this process too if it is to. The answer has to be here in time.
class death {
public:
    explicit death(child& victim) : victim_(victim) {}
    [[nodiscard]] child of_victim(bool also_self) {
        const auto self = ::getpid();
        return child{"killer", [this, also_self, self] {
                         PARLEY_CHECK_IN_CHILD(eventually([&] { return is_asleep(victim_.pid()); }));
                         PARLEY_CHECK_IN_CHILD(!also_self || eventually([&] { return is_asleep(self); }));
                         *at_ = std::chrono::steady_clock::now().time_since_epoch().count();
                         victim_.signal(SIGKILL);
                     }};
    }
    void check_answer() const {
        const auto now = std::chrono::steady_clock::now().time_since_epoch().count();
        const std::chrono::duration<double, std::milli> passed = std::chrono::steady_clock::duration(now - *at_);
        std::cout << "noticed after " << passed.count() << " ms\n";
        CHECK(passed < test::scaled(200ms));
    }

private:
    child& victim_;
    shared<std::int64_t> at_{0};
};

/// Twice: a peer under the same name is killed inside `wait_inside`, while this side is inside `wait_here` or gets
/// there later. Then one more peer is served as if nothing had been.
template <class C, class Inside, class Here>
void kill_peer_of_link(bool waits_when_it_happens, Inside wait_inside, Here wait_here) {
    INFO(C::describe());
    using message = typename C::message;
    venue<C> names;
    {
        endpoint<C> me{names.receiver_name()};
        auto mine = me.link(names.sender_name());
        for (int round = 0; round < 2; ++round) {
            steps step;
            child victim{"victim", [&] {
                             endpoint<C> self{names.sender_name()};
                             auto back = self.link(names.receiver_name());
                             step.reach(1);
                             wait_inside(back);
                         }};
            REQUIRE(step.await(1));
            death of{victim};
            auto killer = of.of_victim(waits_when_it_happens);
            if (!waits_when_it_happens) {
                CHECK(killer.join_ok());
            }
            CHECK(thrown_by([&] { wait_here(mine); }) == errc::peer_died);
            if (waits_when_it_happens) {  // else what came before is received first, however long that takes
                of.check_answer();
            }
            CHECK((!waits_when_it_happens || killer.join_ok()));
            victim.kill9();
        }
        child next{"next", [&] {
                       endpoint<C> self{names.sender_name()};
                       auto back = self.link(names.receiver_name());
                       back.send(made<message>());
                       PARLEY_CHECK_IN_CHILD(is_whole(back.receive()));
                   }};
        std::optional<message> came;
        CHECK(eventually([&] {
            static_cast<void>(thrown_by([&] { came = mine.receive(); }));  // until the next is there, a death is told
            return came.has_value();
        }));
        CHECK((came && is_whole(*came)));
        // What came may be the last word of the dead, so that this is to be told first.
        CHECK(eventually([&] { return thrown_by([&] { mine.send(made<message>()); }) == errc{}; }));
        CHECK(next.join_ok());
    }
    if constexpr (C::transport::capabilities.crosses_machines) {
        return;
    } else {
        for (const auto& name : {names.sender_name(), names.receiver_name()}) {
            const auto path = transport::socket::local_address(name).path;
            CHECK_FALSE(std::filesystem::exists(path));
            CHECK_FALSE(std::filesystem::exists(path + ".lock"));
        }
    }
}

template <class Transport>
using small_links = std::tuple<channel<item, Transport, direct, bounded<4>>,  //
                               channel<item, Transport, direct, zero>,        //
                               channel<item, Transport, direct, bounded_by_kernel>>;
using every_small_link = small_links<transport_under_test>;
using every_huge_link = std::tuple<channel<huge, transport_under_test, direct, bounded<1>>,
                                   channel<huge, transport_under_test, direct, zero>>;
using every_port =
    std::tuple<channel<item, transport_under_test, port>, channel<item, transport_under_test, port, zero>>;

}  // namespace

TEMPLATE_LIST_TEST_CASE("a receiver is killed while it waits for a message, and who waits for it learns that", "",
                        every_small_link) {
    kill_peer_of_link<TestType>(
        true, [](auto& back) { receive_for_ever(back); }, [](auto& mine) { static_cast<void>(mine.receive()); });
}

TEMPLATE_LIST_TEST_CASE("a sender is killed while it waits for room or for a receiver", "", every_small_link) {
    kill_peer_of_link<TestType>(
        false, [](auto& back) { send_for_ever(back); }, [](auto& mine) { receive_for_ever(mine); });
}

TEMPLATE_LIST_TEST_CASE("a peer that does not receive is killed while this side waits for room or for it", "",
                        every_small_link) {
    kill_peer_of_link<TestType>(
        true, [](auto&) { static_cast<void>(::poll(nullptr, 0, -1)); }, [](auto& mine) { send_for_ever(mine); });
}

TEMPLATE_LIST_TEST_CASE("both wait for each other to receive, and one is killed", "", every_small_link) {
    kill_peer_of_link<TestType>(
        true, [](auto& back) { send_for_ever(back); }, [](auto& mine) { send_for_ever(mine); });
}

TEMPLATE_LIST_TEST_CASE("a sender is killed in the middle of a large message, of which nothing is received", "",
                        every_huge_link) {
    kill_peer_of_link<TestType>(
        false, [](auto& back) { send_for_ever(back); },
        [](auto& mine) {
            for (;;) {
                const auto came = mine.receive();
                CHECK(is_whole(came));
            }
        });
}

TEMPLATE_LIST_TEST_CASE("a receiver is killed in the middle of a large message", "", every_huge_link) {
    kill_peer_of_link<TestType>(
        true, [](auto&) { static_cast<void>(::poll(nullptr, 0, -1)); }, [](auto& mine) { send_for_ever(mine); });
}

TEMPLATE_LIST_TEST_CASE("a sender is killed while it waits for its port to be made", "", every_port) {
    using C = TestType;
    venue<C> place;
    child early{"early", [&] { static_cast<void>(place.sender()); }};
    // It sleeps between its attempts, and what it does is too short to be seen.
    std::this_thread::sleep_for(20ms);
    CHECK(early.running());
    early.kill9();
    auto in = place.receiver();
    child next{"next", [&] { place.sender()->send(item::make(2, 2)); }};
    CHECK(in->receive().from == 2);
    CHECK(next.join_ok());
}

TEMPLATE_LIST_TEST_CASE("a port's receiver is killed while it waits, and its successor serves the same name", "",
                        every_port) {
    using C = TestType;
    venue<C> place;
    for (int round = 0; round < 2; ++round) {
        steps step;
        child owner{"owner", [&] {
                        auto in = place.receiver();
                        step.reach(1);
                        receive_for_ever(*in);
                    }};
        REQUIRE(step.await(1));
        auto out = place.sender();
        out->send(item::make(1, 1));
        death of{owner};
        auto killer = of.of_victim(false);
        CHECK(killer.join_ok());
        CHECK((thrown_by([&] { send_for_ever(*out); }) != errc{}));
        of.check_answer();
        owner.kill9();
    }
    auto in = place.receiver();
    child next{"next", [&] { place.sender()->send(item::make(2, 2)); }};
    CHECK(in->receive().from == 2);
    CHECK(next.join_ok());
}

}  // namespace parley::conformance
