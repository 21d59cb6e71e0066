#include <chrono>
#include <csignal>
#include <cstdint>
#include <filesystem>
#include <list>
#include <string>
#include <system_error>
#include <tuple>
#include <type_traits>

#include <sys/stat.h>
#include <unistd.h>

#include <parley/parley.hpp>

#include "conformance/check.hpp"
#include "conformance/compositions.hpp"
#include "conformance/pools.hpp"
#include "conformance/venue.hpp"
#include "support/catch.hpp"

/// The pool of a channel with `map`: it comes, stays and goes with the channel, and whoever may open one may open both.

namespace parley::conformance {

using mapped_ports = std::tuple<on<shm>::c<parley::map, port, bounded<4>>,            //
                                on<shm>::c<map_by<many_segments>, port, bounded<4>>,  //
                                on<fifo>::c<parley::map, port, bounded<4>>,           //
                                on<unix_stream>::c<parley::map, port, bounded<4>>>;

TEMPLATE_LIST_TEST_CASE("map: a port's pool goes with its owner, and a new owner has a new one", "", mapped_ports) {
    using C = TestType;
    const about composition{C::describe()};
    const auto name = fresh_name<C>();
    {
        receiver<C> in{create_only, name};
        PARLEY_REQUIRE(pool_exists<C>(name));
        sender<C> out{name};
        PARLEY_REQUIRE(out.try_send(item::make(1, 1)));
    }
    PARLEY_REQUIRE(left_of(name).empty());
    steps step;
    child owner{"owner", [&] {
                    receiver<C> in{create_only, name};
                    step.reach(1);
                    const auto held = in.take();
                    step.reach(2);
                    for (;;) {
                        ::pause();
                    }
                }};
    PARLEY_REQUIRE(step.await(1));
    sender<C> old{name};
    PARLEY_REQUIRE(old.try_send(item::make(1, 2)));
    PARLEY_REQUIRE(step.await(2));
    std::error_code code;
    const receiver<C> refused{name, code};
    PARLEY_REQUIRE(code == errc::in_use);
    PARLEY_REQUIRE(pool_exists<C>(name));
    PARLEY_REQUIRE(old.try_send(item::make(1, 2)));
    owner.kill9();
    {
        receiver<C> in{name};
        child sending{"sender", [&] {
                          sender<C> out{name};
                          for (std::uint32_t number = 0; number < 200; ++number) {
                              out.send(item::make(2, number));
                          }
                      }};
        for (std::uint32_t number = 0; number < 200; ++number) {
            const auto message = in.receive();
            PARLEY_REQUIRE(message.from == 2);  // nothing of the old port's
            PARLEY_REQUIRE(message.number == number);
        }
        PARLEY_REQUIRE(sending.join_ok());
        PARLEY_REQUIRE(eventually([&] { return !old.try_send(item::make(1, 3), code) && code; }));
        PARLEY_REQUIRE((code == errc::closed || code == errc::peer_died));
    }
    PARLEY_REQUIRE(left_of(name).empty());
}

TEST_CASE("map: a port's owner that leaves or dies ends a wait for a block") {
    using C = parley::channel<page, parley::map, port, bounded<64>>;
    for (const bool killed : {true, false}) {
        INFO("killed: " << killed);
        const auto name = fresh_name<C>();
        steps step;
        child owner{"owner", [&] {
                        receiver<C> in{create_only, name, small_pool};
                        step.reach(1);
                        PARLEY_CHECK_IN_CHILD(step.await(3));
                    }};
        REQUIRE(step.await(1));
        child sending{"sender", [&] {
                          sender<C> out{name};
                          while (out.try_send(page{})) {
                          }
                          step.reach(2);
                          const auto reason = thrown_by([&] { out.send(page{}); });
                          PARLEY_CHECK_IN_CHILD(reason == (killed ? errc::peer_died : errc::closed));
                          PARLEY_CHECK_IN_CHILD(thrown_by([&] { return out.loan(); }) == errc::closed);
                          std::error_code code;
                          PARLEY_CHECK_IN_CHILD(!out.loan(code) && code == errc::closed);
                          PARLEY_CHECK_IN_CHILD(!out.send_for(page{}, 1h, code) && code == errc::closed);
                      }};
        REQUIRE(step.await(2));
        CHECK(eventually([&] { return is_asleep(sending.pid()); }));
        if (killed) {
            owner.kill9();
        } else {
            step.reach(3);
            CHECK(owner.join_ok());
        }
        CHECK(sending.join_ok());
        std::error_code ignored;
        C::remove(name, ignored);
        CHECK(left_of(name).empty());
    }
}

TEST_CASE("map: a port that is named by a path, or in no directory, has a pool too") {
    const auto check = [](auto kind, const std::string& name) {
        using C = typename decltype(kind)::type;
        INFO(name);
        {
            receiver<C> in{create_only, name};
            CHECK(pool_exists<C>(name));
            sender<C> out{name};
            out.send(item::make(1, 1));
            CHECK(in.receive().number == 1);
        }
        CHECK_FALSE(pool_exists<C>(name));
    };
    const auto directory = std::filesystem::temp_directory_path();
    check(std::type_identity<on<fifo>::c<parley::map, port>>{}, (directory / unique_name("map")).string());
    check(std::type_identity<on<unix_stream>::c<parley::map, port>>{}, (directory / unique_name("map%")).string());
    check(std::type_identity<on<unix_stream>::c<parley::map, port>>{}, unique_name("@map"));
    check(std::type_identity<on<mapped_file>::c<parley::map, port>>{}, (directory / unique_name("map")).string());
}

using mapped_mailboxes =
    std::tuple<parley::channel<page, parley::map, bounded<64>>,            //
               parley::channel<page, map_by<many_segments>, bounded<64>>,  //
               parley::channel<page, parley::map, sysv_shm, bounded<64>>, parley::channel<page, parley::map, mqueue>>;

TEMPLATE_LIST_TEST_CASE("map: what is removed goes with its pool, and ends the wait for a block", "",
                        mapped_mailboxes) {
    using C = TestType;
    const about composition{C::describe()};
    const auto name = fresh_name<C>();
    PARLEY_REQUIRE(!C::remove(name));
    steps step;
    child sending{"sender", [&] {
                      sender<C> out{create_only, name, small_pool};
                      while (out.try_send(page{})) {
                      }
                      step.reach(1);
                      const auto held_up = thrown_by([&] { out.send(page{}); });
                      PARLEY_CHECK_IN_CHILD(held_up == errc::closed);
                      std::error_code code;
                      PARLEY_CHECK_IN_CHILD(!out.try_send(page{}, code) && code == errc::closed);
                      PARLEY_CHECK_IN_CHILD(!out.try_loan(code) && code == errc::closed);
                  }};
    PARLEY_REQUIRE(step.await(1));
    PARLEY_REQUIRE(pool_exists<C>(name));
    PARLEY_REQUIRE(eventually([&] { return is_asleep(sending.pid()); }));
    PARLEY_REQUIRE(C::remove(name));
    PARLEY_REQUIRE(sending.join_ok());
    PARLEY_REQUIRE(left_of(name).empty());
    {
        sender<C> out{create_only, name};  // a new one may come at once
        receiver<C> in{open_only, name};
        PARLEY_REQUIRE(!in.try_receive());
        PARLEY_REQUIRE(out.try_send(page{}));
    }
    // It stays when all have gone, with what is in it.
    receiver<C> late{open_only, name};
    PARLEY_REQUIRE(late.try_receive());
    std::error_code code = errc::system;
    PARLEY_REQUIRE(C::remove(name, code));
    PARLEY_REQUIRE(!code);
    PARLEY_REQUIRE(!C::remove(name, code));
    PARLEY_REQUIRE(left_of(name).empty());
}

TEST_CASE("map and copy are not the same channel, nor are pools of other messages") {
    const auto check = [](auto there, auto asked) {
        using C = typename decltype(there)::type;
        using D = typename decltype(asked)::type;
        INFO(C::describe() << " is there, asked is " << D::describe());
        const auto name = fresh_name<C>();
        receiver<C> in{create_only, name};
        const auto before = left_of(name);
        std::error_code code;
        const sender<D> out{name, code};
        CHECK(code == errc::incompatible);
        CHECK_FALSE(out);
        if constexpr (!D::addressing::owned) {
            const receiver<D> other{open_only, name, {}, code};
            CHECK(code == errc::incompatible);
        }
        CHECK(left_of(name) == before);
        C::remove(name, code);
        D::remove(name, code);
    };
    using copied = on<shm>::c<>;
    using mapped = on<shm>::c<parley::map>;
    check(std::type_identity<copied>{}, std::type_identity<mapped>{});
    check(std::type_identity<mapped>{}, std::type_identity<copied>{});
    check(std::type_identity<parley::channel<page, parley::map>>{}, std::type_identity<mapped>{});
    check(std::type_identity<on<mqueue>::c<parley::map>>{}, std::type_identity<on<mqueue>::c<>>{});
    check(std::type_identity<mapped>{}, std::type_identity<on<shm>::c<map_by<many_segments>>>{});
    check(std::type_identity<on<fifo>::c<port>>{}, std::type_identity<on<fifo>::c<port, parley::map>>{});
}

TEMPLATE_LIST_TEST_CASE("map: a channel that cannot be opened leaves no pool", "", mapped_mailboxes) {
    using C = TestType;
    const about composition{C::describe()};
    const auto name = fresh_name<C>();
    std::error_code code;
    const receiver<C> in{open_only, name, {}, code};
    PARLEY_REQUIRE(code == errc::not_found);
    const sender<C> out{open_only, name, {}, code};
    PARLEY_REQUIRE(code == errc::not_found);
    PARLEY_REQUIRE(left_of(name).empty());
    {
        const sender<C> there{create_only, name, {}, code};
        PARLEY_REQUIRE(!code);
        const sender<C> second{create_only, name, {}, code};
        PARLEY_REQUIRE(code == errc::already_exists);
        PARLEY_REQUIRE(thrown_by([&] { return receiver<C>{create_only, name}; }) == errc::already_exists);
    }
    C::remove(name);
    PARLEY_REQUIRE(left_of(name).empty());
}

TEST_CASE("map: a port that cannot be opened leaves no pool") {
    using C = on<fifo>::c<parley::map, port>;
    const auto name = fresh_name<C>();
    std::error_code code;
    const sender<C> out{name, code};
    CHECK(code == errc::not_found);
    CHECK(left_of(name).empty());
    const auto nowhere = "/no-such-directory/" + name;
    const receiver<C> in{nowhere, code};
    CHECK(code);
    CHECK_FALSE(in);
    CHECK(left_of(name).empty());
    using owned = on<shm>::c<parley::map, port>;
    const receiver<owned> without_name{"", code};
    CHECK(code == errc::invalid_name);
    CHECK_FALSE(pool_exists<owned>(""));
    const receiver<C> too_long{"/" + std::string(300, 'x'), code};
    CHECK(code);
}

TEST_CASE("map: the permissions asked for are also the pool's, whatever the umask") {
    using C = on<shm>::c<parley::map>;
    const auto mode_of = [](const std::string& name) {
        struct ::stat status {};
        return ::stat(pool_path<C>(name).c_str(), &status) == 0 ? status.st_mode & 07777U : 0U;
    };
    const auto before = ::umask(077);
    for (const ::mode_t wanted : {0600U, 0640U, 0666U}) {
        venue<C> place;
        const sender<C> out{place.name(), options{.permissions = wanted}};
        CHECK(mode_of(place.name()) == wanted);
    }
    ::umask(0);
    venue<C> place;
    const sender<C> out{place.name()};
    CHECK(mode_of(place.name()) == 0600U);
    ::umask(before);
}

TEST_CASE("map: 64 senders and 64 receivers at a time, any number over time") {
    using C = on<shm>::c<parley::map, bounded<100>>;
    venue<C> place;
    for (int round = 0; round < 2; ++round) {
        std::list<sender<C>> senders;
        std::list<receiver<C>> receivers;
        for (std::uint32_t each = 0; each < 64; ++each) {
            senders.emplace_back(place.name());
            receivers.emplace_back(place.name());
            CHECK(senders.back().try_send(item::make(1, each)));
        }
        CHECK(thrown_by([&] { return sender<C>{place.name()}; }) == errc::too_many_participants);
        CHECK(thrown_by([&] { return receiver<C>{place.name()}; }) == errc::too_many_participants);
        std::uint32_t number = 0;
        for (auto& in : receivers) {
            CHECK(in.try_receive().value().number == number);
            ++number;
        }
    }
}

TEST_CASE("map: a receiver has its messages read-only, and a sender its loans not") {
    using C = parley::channel<page, parley::map, bounded<4>>;
    venue<C> place;
    auto in = place.receiver();
    auto out = place.sender();
    {
        auto lent = out->loan();
        lent->number = 1;
        lent->rest.fill(std::byte{1});
        out->send(std::move(lent));
    }
    const auto taken = in->take();
    static_assert(std::is_const_v<std::remove_reference_t<decltype(*taken)>>);
    child writing{"writer", [&] {
                      ::signal(SIGSEGV, SIG_DFL);  // a sanitizer would tell a story
                      const_cast<page&>(*taken).number = 2;
                  }};
    CHECK(writing.join() == 128 + SIGSEGV);
    CHECK(taken->number == 1);
}

}  // namespace parley::conformance
