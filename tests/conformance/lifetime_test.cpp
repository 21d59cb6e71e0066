#include <array>
#include <atomic>
#include <csignal>
#include <cstdint>
#include <filesystem>
#include <list>
#include <optional>
#include <string>
#include <system_error>
#include <tuple>
#include <type_traits>
#include <vector>

#include <unistd.h>

#include <parley/parley.hpp>

#include "conformance/compositions.hpp"
#include "conformance/venue.hpp"
#include "support/catch.hpp"

/// How long a channel lives, what ends it, and who may be in it.

namespace parley::conformance {

using stayers = std::tuple<on<shm>::c<>,                                      //
                           on<shm>::c<bounded<1>, blocking_on<futex>>,        //
                           on<shm>::c<bounded<3>, blocking_on<spin>>,         //
                           on<shm>::c<unbounded>,                             //
                           on<shm>::c<zero>,                                  //
                           on<shm>::c<mailbox_by<round_robin>>,               //
                           on<shm>::c<mailbox_by<exclusive, at_least_once>>,  //
                           on<shm>::c<bounded<1>, nonblocking>,               //
                           on<sysv_shm>::c<bounded<3>>,                       //
                           on<sysv_shm>::c<unbounded>,                        //
                           on<shm>::c<parley::map, bounded<3>>,               //
                           on<mapped_file>::c<bounded<3>>>;

TEMPLATE_LIST_TEST_CASE("removal ends every wait, after what was sent before has been received", "", stayers) {
    using C = TestType;
    INFO(C::describe());
    venue<C> place;
    auto out = place.sender();
    auto in = place.receiver();
    steps started;
    std::list<child> all;
    const auto wait_for_end = [&](auto role) {
        all.emplace_back("waiting", [&, role] {
            auto end = role();
            started.advance();
            for (;;) {
                std::error_code code;
                if constexpr (requires { end->receive(); }) {
                    static_cast<void>(end->receive(code));
                } else {
                    static_cast<void>(end->send(item::make(1, 1), code));
                }
                if (code) {
                    PARLEY_CHECK_IN_CHILD(code == errc::closed);
                    return;
                }
            }
        });
    };
    if constexpr (!unlimited<C>) {  // two senders fill it, and wait
        wait_for_end([&] { return place.sender(); });
        wait_for_end([&] { return place.sender(); });
        REQUIRE(started.await(2));
        if constexpr (sender_sleeps<C>) {
            for (auto& each : all) {
                CHECK(eventually([&] { return is_asleep(each.pid()); }));
            }
        }
    } else {
        out->send(item::make(1, 1));
    }
    REQUIRE(C::remove(place.name()));
    for (auto& each : all) {
        CHECK(each.join_ok());
    }
    CHECK(thrown_by([&] { return out->send(item::make(1, 1)); }) == errc::closed);
    CHECK(thrown_by([&] { return out->try_send(item::make(1, 1)); }) == errc::closed);
    CHECK(thrown_by([&] { return out->try_loan(); }) == errc::closed);
    std::size_t drained = 0;
    std::error_code code;
    while (in->receive(code)) {
        ++drained;
    }
    CHECK(code == errc::closed);
    if constexpr (unlimited<C>) {
        CHECK(drained == 1);
    } else if constexpr (!rendezvous<C>) {
        CHECK(drained == buffering_of<C>::capacity);
    }
    CHECK_FALSE(in->try_receive(code));
    CHECK(code == errc::closed);
    CHECK_FALSE(in->try_take(code));
    CHECK(code == errc::closed);

    // A new one begins at once under the same name, and has nothing of the old one.
    auto in_again = place.receiver();
    auto out_again = place.sender();
    CHECK_FALSE(in_again->try_receive());
    all.clear();
    for (int each = 0; each < 2; ++each) {
        all.emplace_back("waiting receiver", [&] {
            auto own = place.receiver();
            started.advance();
            for (;;) {
                std::error_code reason;
                static_cast<void>(own->receive(reason));
                if (reason) {
                    PARLEY_CHECK_IN_CHILD(reason == errc::closed);
                    return;
                }
            }
        });
    }
    REQUIRE(started.await(unlimited<C> ? 2 : 4));
    if constexpr (receiver_sleeps<C>) {
        for (auto& each : all) {
            CHECK(eventually([&] { return is_asleep(each.pid()); }));
        }
    }
    CHECK(C::remove(place.name(), code));
    for (auto& each : all) {
        CHECK(each.join_ok());
    }
    CHECK_FALSE(C::remove(place.name()));
}

TEMPLATE_LIST_TEST_CASE("a batch that meets the end brings what was there before the end is told", "", stayers) {
    using C = TestType;
    INFO(C::describe());
    if constexpr (rendezvous<C>) {
        SUCCEED("nothing is ever in it");
    } else {
        venue<C> place;
        auto out = place.sender();
        auto in = place.receiver();
        const auto sent = send_up_to(3, *out);
        REQUIRE(sent >= 1);
        REQUIRE(C::remove(place.name()));
        std::array<item, 8> batch{};
        std::error_code code;
        std::uint32_t next = 0;
        while (const auto count = in->receive(batch, code)) {
            CHECK_FALSE(code);
            for (std::size_t index = 0; index < count; ++index) {
                CHECK(batch[index].sound());
                CHECK(batch[index].number == next++);
            }
        }
        CHECK(next == sent);
        CHECK(code == errc::closed);
        CHECK(thrown_by([&] { return in->try_receive(batch); }) == errc::closed);
    }
}

TEST_CASE("a batch that meets the end on its way says how much of it was accepted") {
    using C = on<shm>::c<bounded<3>>;
    venue<C> place;
    auto in = place.receiver();
    steps started;
    child sender{[&] {
        auto out = place.sender();
        const std::array<item, 4> batch{item::make(1, 0), item::make(1, 1), item::make(1, 2), item::make(1, 3)};
        std::error_code code;
        started.advance();
        PARLEY_CHECK_IN_CHILD(out->send(batch, code) == 3);
        PARLEY_CHECK_IN_CHILD(code == errc::closed);
    }};
    REQUIRE(started.await(1));
    CHECK(eventually([&] { return is_asleep(sender.pid()); }));
    REQUIRE(C::remove(place.name()));
    CHECK(sender.join_ok());
    for (std::uint32_t number = 0; number < 3; ++number) {
        CHECK(in->receive().number == number);
    }
}

TEMPLATE_LIST_TEST_CASE("what is in it outlives every process", "", stayers) {
    using C = TestType;
    INFO(C::describe());
    if constexpr (rendezvous<C>) {
        SUCCEED("nothing is ever in it");
    } else {
        venue<C> place;
        child sender{[&] {
            auto out = place.sender();
            put(*out, item::make(4, 2));
        }};
        REQUIRE(sender.join_ok());
        child killed{[&] {
            auto in = place.receiver();
            auto out = place.sender();
            ::raise(SIGKILL);
        }};
        killed.join();
        child receiver{[&] {
            auto in = place.receiver();
            PARLEY_CHECK_IN_CHILD(get(*in).number == 2);
        }};
        CHECK(receiver.join_ok());
    }
}

using owned = std::tuple<on<shm>::c<owner_lifetime>,                                       //
                         on<shm>::c<owner_lifetime, bounded<1>, blocking_on<futex>>,       //
                         on<shm>::c<owner_lifetime, unbounded>,                            //
                         on<shm>::c<owner_lifetime, zero>,                                 //
                         on<shm>::c<owner_lifetime, bounded<1>, nonblocking>,              //
                         on<shm>::c<owner_lifetime, bounded<3>, mailbox_by<round_robin>>,  //
                         on<sysv_shm>::c<owner_lifetime, bounded<3>>,                      //
                         on<mapped_file>::c<owner_lifetime, bounded<3>>>;

TEMPLATE_LIST_TEST_CASE("a mailbox with an owner goes with it, killed or not, after what was sent", "", owned) {
    using C = TestType;
    INFO(C::describe());
    for (const bool killed : {true, false}) {
        INFO("killed: " << killed);
        venue<C> place;
        steps step;
        child owner{"owner", [&] {
                        auto out = place.sender();
                        if constexpr (!rendezvous<C>) {
                            put(*out, item::make(1, 1));
                        }
                        step.reach(1);
                        PARLEY_CHECK_IN_CHILD(step.await(2));
                    }};
        REQUIRE(step.await(1));
        child guest{"guest", [&] {
                        auto in = place.receiver();
                        if constexpr (!rendezvous<C>) {
                            PARLEY_CHECK_IN_CHILD(get(*in).number == 1);
                        }
                        step.advance();
                        std::error_code code;
                        while (!code) {
                            PARLEY_CHECK_IN_CHILD(!in->receive(code));
                        }
                        PARLEY_CHECK_IN_CHILD(code == errc::closed);
                        PARLEY_CHECK_IN_CHILD(thrown_by([&] { return in->try_receive(); }) == errc::closed);
                        auto again = place.sender();  // it takes the name over, and is the owner now
                        if constexpr (!rendezvous<C>) {
                            put(*again, item::make(1, 7));
                        }
                        auto own = place.receiver();
                        PARLEY_CHECK_IN_CHILD(own->try_receive().has_value() == !rendezvous<C>);
                    }};
        if (killed) {
            REQUIRE(step.await(2));  // the owner may go by itself at 2, and is killed here otherwise
            owner.kill9();
        } else {
            REQUIRE(step.await(2));
            CHECK(owner.join_ok());
        }
        CHECK(guest.join_ok());
        CHECK_FALSE(C::remove(place.name()));  // nothing is left
    }
}

TEMPLATE_LIST_TEST_CASE("who creates a mailbox whose owner was killed gets a new one", "", owned) {
    using C = TestType;
    INFO(C::describe());
    venue<C> place;
    steps step;
    child owner{"owner", [&] {
                    auto out = place.sender();
                    if constexpr (!rendezvous<C>) {
                        put(*out, item::make(1, 1));
                    }
                    step.reach(1);
                    for (;;) {
                        ::pause();
                    }
                }};
    REQUIRE(step.await(1));
    CHECK(thrown_by([&] { return parley::receiver<C>{create_only, place.name()}; }) == errc::already_exists);
    owner.kill9();
    CHECK(thrown_by([&] { return parley::receiver<C>{open_only, place.name()}; }) == errc::not_found);
    parley::receiver<C> in{create_only, place.name()};
    CHECK_FALSE(in.try_receive());
}

TEST_CASE("a sender that never waits hears of its port's end, too") {
    using C = on<shm>::c<port, unbounded>;
    for (const bool killed : {true, false}) {
        venue<C> place;
        steps step;
        child owner{"owner", [&] {
                        auto in = place.receiver();
                        PARLEY_CHECK_IN_CHILD(step.await(1));
                    }};
        auto out = place.sender();
        out->send(item::make(1, 1));
        if (killed) {
            owner.kill9();
        } else {
            step.reach(1);
            CHECK(owner.join_ok());
        }
        std::error_code code;
        CHECK(eventually([&] { return !out->send(item::make(1, 1), code); }));
        CHECK(code == errc::closed);
    }
}

TEST_CASE("messages in a file are there after all processes have gone, and in a copy elsewhere, as after a reboot") {
    const auto check = [](auto kind) {
        using C = typename decltype(kind)::type;
        INFO(C::describe());
        venue<C> place;
        venue<C> elsewhere;
        child sender{[&] {
            auto out = place.sender();
            for (std::uint32_t number = 0; number < 3; ++number) {
                put(*out, item::make(1, number));
            }
        }};
        REQUIRE(sender.join_ok());
        std::filesystem::copy_file(place.name(), elsewhere.name());
        for (const auto* each : {&place, &elsewhere}) {
            child receiver{[&] {
                auto in = each->receiver();
                auto out = each->sender();
                for (std::uint32_t number = 0; number < 3; ++number) {
                    PARLEY_CHECK_IN_CHILD(get(*in).number == number);
                }
                PARLEY_CHECK_IN_CHILD(!in->try_receive());
                put(*out, item::make(1, 9));
                PARLEY_CHECK_IN_CHILD(get(*in).number == 9);
            }};
            CHECK(receiver.join_ok());
        }
    };
    check(std::type_identity<on<mapped_file>::c<bounded<3>>>{});
    check(std::type_identity<on<mapped_file>::c<unbounded, blocking_on<futex>>>{});
    check(std::type_identity<on<mapped_file>::c<mailbox_by<round_robin, at_least_once>>>{});
}

TEST_CASE("a file copied while processes held it works as after a power failure") {
    using C = on<mapped_file>::c<bounded<3>>;
    venue<C> place;
    venue<C> copy;
    steps step;
    child holder{[&] {
        auto in = place.receiver();
        auto out = place.sender();
        out->send(item::make(1, 1));
        out->send(item::make(1, 2));
        auto held = in->take();
        step.reach(1);
        for (;;) {
            ::pause();
        }
    }};
    REQUIRE(step.await(1));
    std::filesystem::copy_file(place.name(), copy.name());
    auto in = copy.receiver();
    auto out = copy.sender();
    // The message in the holder's hands was received at most once: here it is gone with it, and its place is free.
    CHECK(in->receive().number == 2);
    for (std::uint32_t number = 3; number < 10; ++number) {
        out->send(item::make(1, number));
        CHECK(in->receive().number == number);
    }
    holder.kill9();
}

TEST_CASE("64 senders and 64 receivers at a time, any number over time") {
    using C = on<shm>::c<bounded<3>>;
    venue<C> place;
    std::list<sender<C>> out;
    std::list<receiver<C>> in;
    for (int each = 0; each < 64; ++each) {
        out.emplace_back(place.name());
        in.emplace_back(place.name());
    }
    CHECK(thrown_by([&] { return sender<C>{place.name()}; }) == errc::too_many_participants);
    CHECK(thrown_by([&] { return receiver<C>{place.name()}; }) == errc::too_many_participants);
    std::error_code code;
    const sender<C> none{place.name(), code};
    CHECK(code == errc::too_many_participants);
    for (auto& each : out) {
        each.send(item::make(1, 5));
        CHECK(in.front().receive().number == 5);
        in.splice(in.end(), in, in.begin());
    }
    for (int round = 0; round < 100; ++round) {  // one leaves, another comes
        out.pop_front();
        in.pop_front();
        out.emplace_back(place.name());
        in.emplace_back(place.name());
        out.back().send(item::make(1, 6));
        CHECK(in.back().receive().number == 6);
    }
    out.pop_front();
    in.pop_front();
    for (int round = 0; round < 10; ++round) {  // one is killed, another comes
        steps step;
        child victim{[&] {
            const sender<C> one{place.name()};
            const receiver<C> two{place.name()};
            step.reach(1);
            for (;;) {
                ::pause();
            }
        }};
        REQUIRE(step.await(1));
        CHECK(thrown_by([&] { return sender<C>{place.name()}; }) == errc::too_many_participants);
        victim.kill9();
        sender<C> heir{place.name()};
        receiver<C> heiress{place.name()};
        heir.send(item::make(1, 7));
        CHECK(heiress.receive().number == 7);
    }
}

}  // namespace parley::conformance
