#include <chrono>
#include <csignal>
#include <cstdint>
#include <iostream>
#include <optional>
#include <system_error>
#include <tuple>

#include <parley/parley.hpp>

#include "conformance/compositions.hpp"
#include "conformance/venue.hpp"
#include "support/catch.hpp"

/// The port: a mailbox owned by its one receiver, created by it and gone with it.

namespace parley::conformance {

using ports = std::tuple<on<shm>::c<port>,                                  //
                         on<shm>::c<port, bounded<1>, blocking_on<futex>>,  //
                         on<shm>::c<port, bounded<3>, blocking_on<spin>>,   //
                         on<shm>::c<port, zero>,                            //
                         on<shm>::c<port, parley::map, bounded<3>>,         //
                         on<sysv_shm>::c<port, bounded<3>>,                 //
                         on<mapped_file>::c<port, bounded<3>>>;

TEMPLATE_LIST_TEST_CASE("port: one receiver at a time", "", ports) {
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
    std::error_code code;
    const receiver<C> refused{place.name(), code};
    CHECK(code == errc::in_use);
    CHECK_FALSE(refused);
    step.reach(2);
    CHECK(first.join_ok());
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
    receiver<C> fourth{create_only, place.name()};  // a dead owner holds nothing
    CHECK(fourth);
}

TEST_CASE("port: a sender does not create it") {
    using C = on<shm>::c<port>;
    venue<C> place;
    CHECK(thrown_by([&] { return sender<C>{place.name()}; }) == errc::not_found);
    CHECK(thrown_by([&] { return sender<C>{open_only, place.name()}; }) == errc::not_found);
    CHECK(thrown_by([&] { return sender<C>{create_only, place.name()}; }) == errc::bad_state);
    CHECK(thrown_by([&] { return sender<C>{place.name(), options{.open_within = short_wait}}; }) == errc::not_found);
    std::error_code code;
    const sender<C> none{place.name(), code};
    CHECK(code == errc::not_found);
    CHECK_FALSE(none);
    CHECK_FALSE(C::remove(place.name()));
}

TEST_CASE("port: open_within waits for its receiver") {
    using C = on<shm>::c<port>;
    venue<C> place;
    steps step;
    child caller{"caller", [&] {
                     step.reach(1);
                     sender<C> out{place.name(), {.open_within = 60s}};
                     out.send(item::make(1, 5));
                 }};
    REQUIRE(step.await(1));
    receiver<C> in{place.name()};
    CHECK(in.receive().number == 5);
    CHECK(caller.join_ok());
}

TEMPLATE_LIST_TEST_CASE("port: its receiver's death ends a sender's wait, its leaving closes it", "", ports) {
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
                          while (out->try_send(item::make(1, 1))) {
                          }
                          filled.reach(1);
                          const auto reason = thrown_by([&] { out->send(item::make(1, 2)); });
                          PARLEY_CHECK_IN_CHILD(reason == (killed ? errc::peer_died : errc::closed));
                          PARLEY_CHECK_IN_CHILD(thrown_by([&] { out->send(item::make(1, 2)); }) == errc::closed);
                          std::error_code code;
                          PARLEY_CHECK_IN_CHILD(!out->send(item::make(1, 2), code) && code == errc::closed);
                          PARLEY_CHECK_IN_CHILD(!out->try_send(item::make(1, 2), code) && code == errc::closed);
                          PARLEY_CHECK_IN_CHILD(!out->send_for(item::make(1, 2), 1h, code) && code == errc::closed);
                      }};
        REQUIRE(filled.await(1));
        if constexpr (sender_sleeps<C>) {
            CHECK(eventually([&] { return is_asleep(waiting.pid()); }));
        }
        const auto start = std::chrono::steady_clock::now();
        if (killed) {
            owner.kill9();
        } else {
            step.reach(1);
            CHECK(owner.join_ok());
        }
        CHECK(waiting.join_ok());
        std::cout << "port: its receiver's " << (killed ? "death" : "leaving") << " noticed after "
                  << std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - start).count()
                  << " ms\n";
        // A new receiver takes the name over; the old sender stays outside.
        child successor{"successor", [&] {
                            auto in = place.receiver();
                            PARLEY_CHECK_IN_CHILD(in->receive().number == 9);
                        }};
        auto out = place.sender();
        put(*out, item::make(1, 9));
        CHECK(successor.join_ok());
    }
}

TEST_CASE("port: its receiver waits for senders that are yet to come, whatever became of the earlier ones") {
    using C = on<shm>::c<port>;
    venue<C> place;
    child owner{"owner", [&] {
                    auto in = place.receiver();
                    for (std::uint32_t number = 0; number < 3; ++number) {
                        PARLEY_CHECK_IN_CHILD(in->receive().number == number);
                    }
                }};
    for (std::uint32_t number = 0; number < 3; ++number) {
        child caller{"caller", [&] {
                         auto out = place.sender();
                         PARLEY_CHECK_IN_CHILD(eventually([&] { return is_asleep(owner.pid()); }));
                         out->send(item::make(1, number));
                         if (number == 1) {
                             ::raise(SIGKILL);
                         }
                     }};
        CHECK(caller.join() == (number == 1 ? 128 + SIGKILL : 0));
    }
    CHECK(owner.join_ok());
}

}  // namespace parley::conformance
