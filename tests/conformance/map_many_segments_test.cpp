#include <algorithm>
#include <array>
#include <csignal>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <string>
#include <system_error>
#include <tuple>
#include <utility>
#include <vector>

#include <sys/stat.h>

#include <parley/parley.hpp>

#include "conformance/check.hpp"
#include "conformance/compositions.hpp"
#include "conformance/pools.hpp"
#include "conformance/venue.hpp"
#include "support/catch.hpp"

/// `map_by<many_segments>`: each block is a segment of its own, which comes when it is needed and goes with the pool.

namespace parley::conformance {

namespace {

using many = map_by<many_segments>;

/// The segments of the blocks of a channel's pools.
std::vector<std::string> bodies_of(const std::string& name) {
    auto result = left_of(name);
    std::erase_if(result, [](const auto& each) { return !each.starts_with("parley-block."); });
    for (auto& each : result) {
        each.insert(0, "/dev/shm/");
    }
    return result;
}

/// How many of them this process has mapped.
std::size_t mapped_of(const std::string& name) {
    std::ifstream in("/proc/self/maps");
    std::size_t count = 0;
    for (std::string line; std::getline(in, line);) {
        count += line.find("/parley-block.") != std::string::npos && line.find(name) != std::string::npos ? 1U : 0U;
    }
    return count;
}

}  // namespace

using wherever_there_is_map = std::tuple<on<shm>::c<many>,                                //
                                         on<shm>::c<many, port, unbounded>,               //
                                         on<shm>::c<many, zero, blocking_on<futex>>,      //
                                         on<sysv_shm>::c<many, nonblocking>,              //
                                         on<mapped_file>::c<many, port>,                  //
                                         on<mqueue>::c<many>,                             //
                                         on<sysv_mqueue>::c<many, port>,                  //
                                         on<fifo>::c<many, port>,                         //
                                         on<unix_stream>::c<many, port>,                  //
                                         on<unix_seqpacket>::c<many, port, nonblocking>,  //
                                         on<unix_datagram>::c<many, port>>;

TEMPLATE_LIST_TEST_CASE("map_by<many_segments>: arrives in order, whatever carries the references", "",
                        wherever_there_is_map) {
    using C = TestType;
    const about composition{C::describe()};
    constexpr std::uint32_t count = 500;
    venue<C> place;
    {
        auto in = place.receiver();
        child sender{"sender", [&] {
                         auto out = place.sender();
                         for (std::uint32_t number = 0; number < count; ++number) {
                             put(*out, item::make(1, number));
                         }
                     }};
        for (std::uint32_t number = 0; number < count; ++number) {
            const auto message = get(*in);
            PARLEY_REQUIRE(message.sound());
            PARLEY_REQUIRE(message.number == number);
        }
        PARLEY_REQUIRE(sender.join_ok());
    }
}

TEST_CASE("map_by<many_segments>: a block's segment is made when it is first used, like its pool, and used again") {
    using C = channel<page, many, bounded<8>>;
    for (const ::mode_t wanted : {0600U, 0640U}) {
        const auto name = fresh_name<C>();
        sender<C> out{create_only, name, {.permissions = wanted}};
        receiver<C> in{name};
        CHECK(bodies_of(name).empty());
        for (std::uint64_t number = 0; number < 200; ++number) {
            out.send(numbered(number));
            CHECK(in.receive().number == number);
            CHECK(bodies_of(name).size() == std::min<std::size_t>(number + 1, pool::added_at_once / sizeof(page)));
        }
        for (const auto& each : bodies_of(name)) {
            struct ::stat status {};
            REQUIRE(::stat(each.c_str(), &status) == 0);
            CHECK((status.st_mode & 07777U) == wanted);
            CHECK(status.st_size == 4096);
            CHECK(status.st_blocks * 512 == 4096);  // reserved
        }
        CHECK(C::remove(name));
        CHECK(left_of(name).empty());
    }
}

TEST_CASE("map_by<many_segments>: a process maps what it has had in hand, and a receiver for reading only") {
    using C = channel<page, many, bounded<8>>;
    const auto name = fresh_name<C>();
    receiver<C> in{create_only, name};
    child sending{"sender", [&] {
                      sender<C> out{name};
                      for (std::uint64_t number = 0; number < 5; ++number) {
                          out.send(numbered(number));
                      }
                      PARLEY_CHECK_IN_CHILD(mapped_of(name) == 5);
                  }};
    CHECK(sending.join_ok());
    CHECK(mapped_of(name) == 0);
    for (std::size_t number = 0; number < 2; ++number) {
        CHECK(in.receive().number == number);
        CHECK(mapped_of(name) == number + 1);
    }
    const auto taken = in.take();
    child writing{"writer", [&] {
                      ::signal(SIGSEGV, SIG_DFL);  // a sanitizer would tell a story
                      const_cast<page&>(*taken).number = 7;
                  }};
    CHECK(writing.join() == 128 + SIGSEGV);
    CHECK(taken->number == 2);
    CHECK(C::remove(name));
}

TEST_CASE("map_by<many_segments>: a segment that is missing or cut short is corrupt, and kills nobody") {
    using C = channel<page, many, bounded<8>>;
    for (const bool missing : {true, false}) {
        INFO("missing: " << missing);
        const auto name = fresh_name<C>();
        receiver<C> in{create_only, name, small_pool};
        child sending{"sender", [&] {
                          sender<C> out{name};
                          out.send(numbered(1));
                      }};
        CHECK(sending.join_ok());
        const auto bodies = bodies_of(name);
        REQUIRE(bodies.size() == 1);
        if (missing) {
            std::filesystem::remove(bodies.front());
        } else {
            std::filesystem::resize_file(bodies.front(), 4095);
        }
        std::error_code code;
        CHECK_FALSE(in.try_take(code));
        CHECK(code == errc::corrupt);
        sender<C> next{name};
        for (std::uint64_t number = 1; number < pages_in_pool; ++number) {
            CHECK(next.try_send(numbered(number)));
        }
        CHECK_FALSE(next.try_send(numbered(2), code));
        CHECK(code == errc::corrupt);
        CHECK(C::remove(name));
        CHECK(left_of(name).empty());
    }
}

TEST_CASE("map_by<many_segments>: what was not mapped when the channel was removed is gone") {
    using C = channel<page, many, bounded<8>>;
    const auto name = fresh_name<C>();
    receiver<C> in{create_only, name};
    sender<C> out{name};
    out.send(numbered(1));
    const auto held = in.take();
    out.send(numbered(2));
    CHECK(C::remove(name));
    CHECK(left_of(name).empty());
    CHECK(held->number == 1);
    std::error_code code;
    CHECK_FALSE(out.try_send(numbered(3), code));
    CHECK(code == errc::closed);
    sender<C> other{create_only, name};  // has segments of its own
    other.send(numbered(4));
    CHECK(bodies_of(name).size() == 1);
    CHECK_FALSE(out.try_loan(code));
    CHECK(code == errc::closed);
    CHECK(bodies_of(name).size() == 1);
    CHECK(C::remove(name));
    CHECK(left_of(name).empty());
}

TEST_CASE("map_by<many_segments>: who sees the names of segments cannot take that of the next one") {
    using C = channel<page, many, bounded<64>>;
    const auto name = fresh_name<C>();
    receiver<C> in{create_only, name, small_pool};
    sender<C> out{name};
    REQUIRE(out.try_send(numbered(0)));
    REQUIRE(bodies_of(name).size() == 1);
    // What a name would be with the next number in the place of the first, wherever that stands.
    const auto first = bodies_of(name).front();
    std::vector<std::string> guesses;
    for (auto at = first.find(".0", first.find(name) + name.size()); at != std::string::npos;
         at = first.find(".0", at + 1)) {
        auto guess = first;
        guess[at + 1] = '1';
        REQUIRE(std::filesystem::create_directory(guess));  // which unlink(2) does not remove
        guesses.push_back(guess);
    }
    REQUIRE(guesses.size() >= 2);
    std::uint64_t sent = 1;
    while (out.try_send(numbered(sent))) {
        ++sent;
    }
    CHECK(sent == pages_in_pool);
    for (std::uint64_t number = 0; number < sent; ++number) {
        CHECK(in.receive().number == number);
    }
    for (const auto& each : guesses) {
        CHECK(std::filesystem::remove(each));
    }
    CHECK(C::remove(name));
    CHECK(left_of(name).empty());
}

TEST_CASE("map_by<many_segments>: a name that leaves no room for the numbers of a segment is refused") {
    using C = on<fifo>::c<many, port>;
    const auto directory = std::filesystem::temp_directory_path().string() + "/";
    std::error_code code;
    const receiver<C> in{directory + std::string(217 - directory.size(), 'x'), code};
    CHECK(code == errc::invalid_name);
}

TEST_CASE("map_by<many_segments>: a pool that is full is told from one whose queue has lost a number") {
    using C = channel<page, many, bounded<64>>;
    const auto name = fresh_name<C>();
    receiver<C> in{create_only, name, small_pool};
    sender<C> out{name};
    std::uint64_t sent = 0;
    while (out.try_send(numbered(sent))) {
        ++sent;
    }
    CHECK(sent == pages_in_pool);
    CHECK(bodies_of(name).size() == pages_in_pool);
    for (std::uint64_t number = 0; number < sent; ++number) {
        CHECK(in.receive().number == number);
    }
    child thief{"thief", [&] {  // takes all numbers out of the queue, and takes no block
                    using pool_type = payload::pool_of<C>;
                    segment::attachment_request request;
                    request.give_up = os::deadline::after(1s);
                    const auto pool = pool_type::name_of(name);
                    typename pool_type::lender last(pool_type::request(request, pool, segment::opening::open_only), 0);
                    std::uint64_t stolen = 0;
                    while (last.next_free(0)) {
                        ++stolen;
                    }
                    PARLEY_CHECK_IN_CHILD(stolen == pages_in_pool);
                }};
    CHECK(thief.join_ok());
    for (std::uint64_t number = 0; number < pages_in_pool; ++number) {
        CHECK(out.try_send(numbered(number)));
    }
    CHECK_FALSE(out.try_send(numbered(0)));
    CHECK(C::remove(name));
    CHECK(left_of(name).empty());
}

TEST_CASE("map_by<many_segments>: a program with blocks in one segment removes all of it") {
    using C = channel<page, many, bounded<8>>;
    const auto name = fresh_name<C>();
    sender<C>{create_only, name}.send(numbered(1));
    REQUIRE(bodies_of(name).size() == 1);
    CHECK(channel<page, map, bounded<8>>::remove(name));
    CHECK(left_of(name).empty());
}

TEST_CASE(
    "map_by<many_segments>: what is left of a link whose pool was removed by hand goes when an endpoint is removed") {
    using C = channel<page, many, direct, bounded<8>>;
    const auto name = fresh_name<C>();
    test::child killed{"alice", [&] {
                           endpoint<C> alice{name};
                           alice.send(name + "-bob", numbered(1));
                           ::raise(SIGKILL);
                       }};
    killed.join();
    REQUIRE(bodies_of(name).size() == 1);
    for (const auto& each : left_of(name)) {
        if (each.starts_with("parley-blocks.")) {
            std::filesystem::remove("/dev/shm/" + each);
        }
    }
    CHECK(C::remove(name));
    CHECK(bodies_of(name).empty());
    C::remove(name + "-bob");
    CHECK(left_of(name).empty());
}

}  // namespace parley::conformance
