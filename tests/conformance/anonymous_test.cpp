#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <optional>
#include <string>
#include <system_error>
#include <tuple>
#include <type_traits>
#include <utility>

#include <fcntl.h>
#include <spawn.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <parley/parley.hpp>

#include "conformance/compositions.hpp"
#include "conformance/venue.hpp"
#include "support/catch.hpp"
#include "support/pass_descriptor.hpp"

/// Channels without a name: made in pairs, inherited, handed on by descriptor.

namespace parley::conformance {

namespace {

using test::receive_descriptor;
using test::send_descriptor;

/// What is handed on by descriptor: the first end sends, the second one receives.
using handed_on = std::tuple<on<anonymous_shm>::c<bounded<3>>,  //
                             on<pipe>::c<port>,                 //
                             on<pipe>::c<direct>,               //
                             on<unix_datagram>::c<port>,        //
                             on<unix_datagram>::c<direct>,      //
                             on<unix_stream>::c<port>,          //
                             on<unix_stream>::c<direct>,        //
                             on<unix_seqpacket>::c<port>,       //
                             on<unix_seqpacket>::c<direct>,     //
                             on<anonymous_shm>::c<parley::map, direct>, on<pipe>::c<parley::map, port>,
                             on<pipe>::c<parley::map, direct>, on<unix_datagram>::c<parley::map, port>,
                             on<unix_datagram>::c<parley::map, direct>, on<unix_stream>::c<parley::map, port>,
                             on<unix_stream>::c<parley::map, direct>, on<unix_seqpacket>::c<parley::map, direct>>;
constexpr std::uint32_t handed_on_count = 200;  // more than fit, so that each side needs to hear of the other

/// Which of them, and by which number, a program executed anew is to take over; see `executed anew`.
constexpr const char* number_variable = "PARLEY_TEST_DESCRIPTOR";
constexpr const char* which_variable = "PARLEY_TEST_CHANNEL";

template <class C>
[[nodiscard]] auto sender_at(int descriptor) {
    if constexpr (pairwise<C>) {
        return parley::link<C>{from_descriptor, descriptor, 0};
    } else {
        return parley::sender<C>{from_descriptor, descriptor};
    }
}

template <class C>
[[nodiscard]] auto receiver_at(int descriptor) {
    if constexpr (pairwise<C>) {
        return parley::link<C>{from_descriptor, descriptor, 1};
    } else {
        return parley::receiver<C>{from_descriptor, descriptor};
    }
}

template <class C, std::size_t Index = 0>
[[nodiscard]] constexpr std::size_t index_of() {
    if constexpr (std::is_same_v<C, std::tuple_element_t<Index, handed_on>>) {
        return Index;
    } else {
        return index_of<C, Index + 1>();
    }
}

}  // namespace

using pairs =
    std::tuple<on<anonymous_shm>::c<>,                                //
               on<anonymous_shm>::c<bounded<1>, blocking_on<futex>>,  //
               on<anonymous_shm>::c<bounded<3>, blocking_on<spin>>,   //
               on<anonymous_shm>::c<unbounded>,                       //
               on<anonymous_shm>::c<zero>,                            //
               on<anonymous_shm>::c<bounded<3>, nonblocking>,         //
               on<anonymous_shm>::c<port, bounded<3>>,                //
               on<anonymous_shm>::c<mailbox_by<round_robin>, bounded<3>>, on<anonymous_shm>::c<parley::map, bounded<3>>,
               on<anonymous_shm>::c<parley::map, port, zero>, on<anonymous_shm>::c<parley::map, unbounded, nonblocking>,
               on<pipe>::c<parley::map, port, bounded<4>>, on<unix_stream>::c<parley::map, port, bounded<3>>,
               on<unix_seqpacket>::c<parley::map, port, unbounded>>;

TEMPLATE_LIST_TEST_CASE("a pair across fork, and its end as with a pipe", "", pairs) {
    using C = TestType;
    INFO(C::describe());
    auto ends = std::optional{C::pair()};
    child receiver{"receiver", [&] {
                       auto in = std::move(ends->second);
                       ends.reset();
                       for (std::uint32_t number = 0; number < 20; ++number) {
                           PARLEY_CHECK_IN_CHILD(get(in).number == number);
                       }
                       std::error_code code;
                       while (!code) {
                           PARLEY_CHECK_IN_CHILD(!in.receive(code));
                       }
                       PARLEY_CHECK_IN_CHILD(code == errc::closed);
                   }};
    child sender{"sender", [&] {
                     auto out = std::move(ends->first);
                     ends.reset();
                     for (std::uint32_t number = 0; number < 20; ++number) {
                         put(out, item::make(1, number));
                     }
                 }};
    ends.reset();
    CHECK(sender.join_ok());
    CHECK(receiver.join_ok());
}

TEMPLATE_LIST_TEST_CASE("when all senders are killed the receiver's wait ends, and the other way round", "", pairs) {
    using C = TestType;
    INFO(C::describe());
    for (const bool kill_sender : {true, false}) {
        INFO("the sender is killed: " << kill_sender);
        auto ends = std::optional{C::pair()};
        steps step;
        child victim{"victim", [&] {
                         if (kill_sender) {
                             auto out = std::move(ends->first);
                             ends.reset();
                             if constexpr (!rendezvous<C>) {
                                 put(out, item::make(1, 5));
                             } else {
                                 static_cast<void>(out.try_send(item::make(1, 5)));
                             }
                             step.advance();
                             for (;;) {
                                 ::pause();
                             }
                         } else {
                             auto in = std::move(ends->second);
                             ends.reset();
                             static_cast<void>(in.try_receive());
                             step.advance();
                             for (;;) {
                                 ::pause();
                             }
                         }
                     }};
        child survivor{
            "survivor", [&] {
                if (kill_sender) {
                    auto in = std::move(ends->second);
                    ends.reset();
                    if constexpr (!rendezvous<C>) {
                        PARLEY_CHECK_IN_CHILD(get(in).number == 5);
                    }
                    step.advance();
                    std::error_code code;
                    while (!code) {
                        // By rendezvous the victim's attempt may have met this one's wait.
                        const auto got = in.receive(code);
                        PARLEY_CHECK_IN_CHILD(!got || (rendezvous<C> && got->number == 5));
                    }
                    PARLEY_CHECK_IN_CHILD(code == errc::peer_died || (!receiver_waits<C> && code == errc::closed));
                } else {
                    auto out = std::move(ends->first);
                    ends.reset();
                    PARLEY_CHECK_IN_CHILD(step.await(1));
                    if constexpr (!unlimited<C>) {
                        while (out.try_send(item::make(1, 1))) {
                        }
                    }
                    step.advance();
                    std::error_code code;
                    while (!code) {
                        out.send(item::make(1, 1), code);
                    }
                    PARLEY_CHECK_IN_CHILD(code == errc::peer_died || code == errc::closed);
                    PARLEY_CHECK_IN_CHILD(!sender_waits<C> || unlimited<C> || code == errc::peer_died);
                }
            }};
        ends.reset();
        REQUIRE(step.await(2));
        victim.kill9();
        CHECK(survivor.join_ok());
    }
}

TEST_CASE("a pair of links across fork") {
    using C = on<anonymous_shm>::c<direct, bounded<3>>;
    auto ends = std::optional{C::pair()};
    child one{"one", [&] {
                  auto mine = std::move(ends->first);
                  ends.reset();
                  for (std::uint32_t number = 0; number < 100; ++number) {
                      mine.send(item::make(1, number));
                      PARLEY_CHECK_IN_CHILD(mine.receive().number == number + 7);
                  }
                  PARLEY_CHECK_IN_CHILD(thrown_by([&] { return mine.receive(); }) == errc::closed);
              }};
    child other{"other", [&] {
                    auto mine = std::move(ends->second);
                    ends.reset();
                    for (std::uint32_t number = 0; number < 100; ++number) {
                        PARLEY_CHECK_IN_CHILD(mine.receive().number == number);
                        mine.send(item::make(2, number + 7));
                    }
                }};
    ends.reset();
    CHECK(other.join_ok());
    CHECK(one.join_ok());

    ends.emplace(C::pair());
    steps step;
    child victim{"victim", [&] {
                     auto mine = std::move(ends->second);
                     ends.reset();
                     mine.send(item::make(1, 1));
                     step.reach(1);
                     for (;;) {
                         ::pause();
                     }
                 }};
    auto mine = std::move(ends->first);
    ends.reset();
    CHECK(mine.receive().number == 1);
    REQUIRE(step.await(1));
    victim.kill9();
    CHECK(thrown_by([&] { return mine.receive(); }) == errc::peer_died);
}

TEST_CASE("an end that nobody has used yet counts as somebody who may come") {
    using C = on<anonymous_shm>::c<bounded<3>>;
    auto ends = C::pair();
    steps step;
    child late{"late", [&] {
                   PARLEY_CHECK_IN_CHILD(step.await(1));
                   ends.first.send(item::make(1, 1));
               }};
    CHECK_FALSE(ends.second.receive_for(300ms));  // several looks around
    step.reach(1);
    CHECK(ends.second.receive().number == 1);
    CHECK(late.join_ok());
}

TEMPLATE_LIST_TEST_CASE("an end is handed on to an unrelated process through a socket", "", handed_on) {
    using C = TestType;
    INFO(C::describe());
    int sockets[2] = {-1, -1};
    REQUIRE(::socketpair(AF_UNIX, SOCK_STREAM, 0, sockets) == 0);
    child stranger{"stranger", [&] {  // forked before the pair is made: it inherits nothing of it
                       auto in = receiver_at<C>(receive_descriptor(sockets[1]));
                       for (std::uint32_t number = 0; number < handed_on_count; ++number) {
                           PARLEY_CHECK_IN_CHILD(in.receive().number == number);
                       }
                       PARLEY_CHECK_IN_CHILD(thrown_by([&] { return in.receive(); }) == errc::closed);
                   }};
    {
        auto ends = std::optional{C::pair()};
        REQUIRE(send_descriptor(sockets[0], ends->second.descriptor()));
        auto out = std::move(ends->first);
        ends.reset();
        for (std::uint32_t number = 0; number < handed_on_count; ++number) {
            out.send(item::make(1, number));
        }
    }
    CHECK(stranger.join_ok());
    ::close(sockets[0]);
    ::close(sockets[1]);
}

TEMPLATE_LIST_TEST_CASE("an end is handed on by exec", "", handed_on) {
    using C = TestType;
    INFO(C::describe());
    auto ends = std::optional{C::pair()};
    const int inherited = ::dup(ends->first.descriptor());  // dup(2): not closed on exec
    REQUIRE(inherited >= 0);
    ::setenv(number_variable, std::to_string(inherited).c_str(), 1);
    ::setenv(which_variable, std::to_string(index_of<C>()).c_str(), 1);
    std::string program = "/proc/self/exe";
    std::string which = "[.executed anew]";
    char* arguments[] = {program.data(), which.data(), nullptr};
    pid_t pid = 0;
    REQUIRE(::posix_spawn(&pid, program.c_str(), nullptr, nullptr, arguments, environ) == 0);
    ::close(inherited);
    ::unsetenv(number_variable);
    auto in = std::move(ends->second);
    ends.reset();
    for (std::uint32_t number = 0; number < handed_on_count; ++number) {
        CHECK(in.receive().number == number);
    }
    CHECK(thrown_by([&] { return in.receive(); }) == errc::closed);
    int status = -1;
    ::waitpid(pid, &status, 0);
    CHECK(status == 0);
}

TEMPLATE_LIST_TEST_CASE("the program that is executed anew by the test before", "[.executed anew]", handed_on) {
    using C = TestType;
    const char* number = std::getenv(number_variable);
    const char* which = std::getenv(which_variable);
    if (number == nullptr || which == nullptr || std::to_string(index_of<C>()) != which) {
        return;
    }
    auto out = sender_at<C>(std::atoi(number));
    for (std::uint32_t each = 0; each < handed_on_count; ++each) {
        out.send(item::make(1, each));
    }
}

TEST_CASE("a descriptor that is no end of this channel is refused") {
    using C = on<anonymous_shm>::c<bounded<3>>;
    using other = on<anonymous_shm>::c<bounded<4>>;
    auto ends = C::pair();
    sender<other> wrong{from_descriptor, duplicate(ends.first.descriptor())};
    CHECK(thrown_by([&] { return wrong.try_send(item::make(1, 1)); }) == errc::incompatible);
    std::error_code code;
    CHECK_FALSE(wrong.send(item::make(1, 1), code));
    CHECK(code == errc::incompatible);
    sender<C> no_channel{from_descriptor, ::open("/proc/self/exe", O_RDONLY | O_CLOEXEC)};
    CHECK_FALSE(no_channel.send(item::make(1, 1), code));
    CHECK(code);
    CHECK(ends.first.try_send(item::make(1, 1)));
}

}  // namespace parley::conformance
