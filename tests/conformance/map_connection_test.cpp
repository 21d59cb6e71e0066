#include <array>
#include <chrono>
#include <csignal>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <system_error>
#include <tuple>
#include <utility>
#include <vector>

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include <parley/parley.hpp>

#include "conformance/check.hpp"
#include "conformance/compositions.hpp"
#include "conformance/pools.hpp"
#include "conformance/venue.hpp"
#include "support/catch.hpp"
#include "support/open_files.hpp"

/// `direct` with `map` over connections: each brings a pool without a name along, and what comes from a stranger in its
/// place is refused.

namespace parley::conformance {

using test::open_files;

namespace {

template <class Transport, class... Words>
using pages = channel<page, Transport, direct, parley::map, Words...>;

using sockets = std::tuple<pages<unix_stream, bounded<64>>, pages<unix_seqpacket, bounded<64>>>;

/// Two names that no other test uses, and nothing of them at the end.
template <class C>
struct couple {
    std::string alice = unique_name("map-connection") + "-a";
    std::string bob = unique_name("map-connection") + "-b";

    couple() = default;
    couple(const couple&) = delete;
    couple& operator=(const couple&) = delete;
    ~couple() {
        std::error_code ignored;
        C::remove(alice, ignored);
        C::remove(bob, ignored);
    }
};

/// The two kinds of sockets, by what a program that is no peer of parley's needs to call at one.
template <class C>
inline constexpr int socket_type = C::transport::capabilities.keeps_boundaries ? SOCK_SEQPACKET : SOCK_STREAM;

/// A stranger at an endpoint's socket, who says what nobody should believe.
template <class C>
class stranger {
public:
    explicit stranger(const std::string& name) : socket_(::socket(AF_UNIX, socket_type<C> | SOCK_CLOEXEC, 0)) {
        const auto at = transport::socket::local_address(name);
        PARLEY_REQUIRE(::connect(socket_.get(), at.get(), at.length) == 0);
    }

    /// The first frame of a peer of that fingerprint, with these descriptors.
    void greet(const std::string& as, const std::vector<int>& passed, std::uint64_t fingerprint = C::fingerprint) {
        message::frame_header header;
        header.kind = message::frame_kind::hello;
        header.sequence = os::layout_version;
        header.length = static_cast<std::uint32_t>(sizeof fingerprint + as.size());
        std::vector<std::byte> bytes(sizeof header + header.length);
        std::memcpy(bytes.data(), &header, sizeof header);
        std::memcpy(bytes.data() + sizeof header, &fingerprint, sizeof fingerprint);
        std::memcpy(bytes.data() + sizeof header + sizeof fingerprint, as.data(), as.size());
        say(bytes, passed);
    }

    void send(const pool::block_reference& reference) {
        message::frame_header header;
        header.length = sizeof reference;
        std::array<std::byte, sizeof header + sizeof reference> bytes;
        std::memcpy(bytes.data(), &header, sizeof header);
        std::memcpy(bytes.data() + sizeof header, &reference, sizeof reference);
        say(bytes, {});
    }

    void say(std::span<const std::byte> bytes, const std::vector<int>& passed) {
        std::vector<std::byte> control(CMSG_SPACE(passed.size() * sizeof(int)));
        ::iovec part{const_cast<std::byte*>(bytes.data()), bytes.size()};
        ::msghdr message{};
        message.msg_iov = &part;
        message.msg_iovlen = 1;
        if (!passed.empty()) {
            message.msg_control = control.data();
            message.msg_controllen = control.size();
            auto* rights = CMSG_FIRSTHDR(&message);
            rights->cmsg_level = SOL_SOCKET;
            rights->cmsg_type = SCM_RIGHTS;
            rights->cmsg_len = CMSG_LEN(passed.size() * sizeof(int));
            std::memcpy(CMSG_DATA(rights), passed.data(), passed.size() * sizeof(int));
        }
        static_cast<void>(::sendmsg(socket_.get(), &message, MSG_NOSIGNAL));
    }

    /// Whether the other side has closed this connection.
    [[nodiscard]] bool is_turned_away() {
        std::array<std::byte, 16384> answer;
        return eventually([&] {
            return ::recv(socket_.get(), answer.data(), answer.size(), MSG_DONTWAIT) == 0 || errno == ECONNRESET;
        });
    }

private:
    os::descriptor socket_;
};

[[nodiscard]] os::descriptor memory(std::size_t size, int seals) {
    os::descriptor result{::memfd_create("test", MFD_CLOEXEC | MFD_ALLOW_SEALING)};
    PARLEY_REQUIRE(::ftruncate(result.get(), static_cast<::off_t>(size)) == 0);
    PARLEY_REQUIRE(seals == 0 || ::fcntl(result.get(), F_ADD_SEALS, seals) == 0);
    return result;
}

template <class C>
struct sound_pool {
    using pool_type = payload::pool_of<C>;
    os::descriptor file = pool_type::lender::create_nameless(pool_type::identity);
    typename pool_type::lender lender{pool::nameless{file.get(), 1 << 20, pool_type::identity}};
};

}  // namespace

TEMPLATE_LIST_TEST_CASE("map over connections: a peer that comes back gets new pools, and what is in hands stays", "",
                        sockets) {
    using C = TestType;
    const about composition{C::describe()};
    const couple<C> names;
    endpoint<C> me{names.alice, small_pool};
    auto to_bob = me.link(names.bob);
    const auto live = [&](const steps& step) {
        endpoint<C> peer{names.bob, small_pool};
        auto alice = peer.link(names.alice);
        PARLEY_CHECK_IN_CHILD(alice.receive().number == 1);
        alice.send(numbered(2));
        step.reach(1);
        for (;;) {
            ::pause();
        }
    };
    steps first;
    child bob{"bob", [&] { live(first); }};
    to_bob.send(numbered(1));
    PARLEY_REQUIRE(first.await(1));
    {
        const auto held = to_bob.take();
        PARLEY_REQUIRE(held->number == 2);
        auto lent = std::optional{to_bob.loan()};
        bob.kill9();
        steps second;
        child again{"bob", [&] { live(second); }};
        // Other messages cannot go meanwhile, but the link can be asked.
        std::error_code code;
        PARLEY_REQUIRE(eventually([&] {
            (*lent)->number = 1;
            return to_bob.try_send(*lent, code) || code == errc::closed;
        }));
        PARLEY_REQUIRE(code == errc::closed);
        PARLEY_REQUIRE(held->number == 2);
        lent.reset();
        lent.emplace(to_bob.loan());
        (*lent)->number = 1;
        to_bob.send(std::move(*lent));
        PARLEY_REQUIRE(second.await(1));
        PARLEY_REQUIRE(held->number == 2);
        again.kill9();
    }
    PARLEY_REQUIRE(to_bob.receive().number == 2);
}

TEMPLATE_LIST_TEST_CASE("map over connections: a sender goes on with every peer that comes by a name", "", sockets) {
    using C = TestType;
    const about composition{C::describe()};
    const couple<C> names;
    endpoint<C> me{names.alice, small_pool};
    auto to_bob = me.link(names.bob);
    const auto files = open_files();
    for (std::uint64_t round = 0; round < 20; ++round) {
        steps step;
        child bob{"bob", [&] {
                      endpoint<C> peer{names.bob, small_pool};
                      const auto [from, message] = peer.receive();
                      PARLEY_CHECK_IN_CHILD(from == names.alice && message.number <= round);
                      step.reach(1);
                      for (;;) {
                          ::pause();
                      }
                  }};
        while (step.at() == 0) {
            std::error_code code;
            static_cast<void>(to_bob.send_for(numbered(round), 10ms, code));
        }
        bob.kill9();
    }
    PARLEY_REQUIRE(open_files() <= files + 4);
    const bool named = pool_exists<C>(names.alice, names.bob) || pool_exists<C>(names.bob, names.alice);
    PARLEY_REQUIRE(!named);
    PARLEY_REQUIRE(left_of(names.alice).empty());
}

using by_size = std::tuple<channel<bytes<100000>, unix_stream, direct, adaptive<>>,
                           channel<bytes<100000>, unix_stream, direct, adaptive<50000>>,
                           channel<bytes<100000>, unix_seqpacket, direct, adaptive<50000>, bounded<3>>,
                           channel<bytes<100000>, unix_seqpacket, direct, adaptive<>, unbounded>>;

TEMPLATE_LIST_TEST_CASE("adaptive over connections: small messages travel and large ones stay, of one and of anybody",
                        "", by_size) {
    using C = TestType;
    const about composition{C::describe()};
    const couple<C> names;
    constexpr std::array sizes{std::size_t{0},     std::size_t{1},     std::size_t{2048},   std::size_t{2049},
                               std::size_t{49990}, std::size_t{50001}, C::message::max_size};
    child bob{"bob", [&] {
                  endpoint<C> me{names.bob};
                  auto alice = me.link(names.alice);
                  for (std::uint64_t round = 0; round < 20; ++round) {
                      for (const auto size : sizes) {
                          if (round % 2 == 0) {
                              const auto held = alice.take();
                              PARLEY_CHECK_IN_CHILD(held.content().size() == size);
                              PARLEY_CHECK_IN_CHILD(pattern(size + round).is_in(held.content()));
                          } else {
                              const auto got = me.receive();
                              PARLEY_CHECK_IN_CHILD(got.first == names.alice && got.second.size() == size);
                              PARLEY_CHECK_IN_CHILD(pattern(size + round).is_in({got.second.data(), size}));
                          }
                      }
                  }
                  alice.send(typename C::message{});
              }};
    endpoint<C> me{names.alice};
    auto to_bob = me.link(names.bob);
    auto whole = std::make_unique<typename C::message>();
    for (std::uint64_t round = 0; round < 20; ++round) {
        for (const auto size : sizes) {
            if (round % 3 == 0) {
                auto lent = to_bob.loan(size);
                lent.resize(size);
                pattern(size + round).write(lent.room().first(size));
                to_bob.send(std::move(lent));
            } else {
                whole->resize(size);
                pattern(size + round).write({whole->data(), size});
                to_bob.send(*whole);
            }
        }
    }
    PARLEY_REQUIRE(to_bob.receive().size() == 0);
    PARLEY_REQUIRE(bob.join_ok());
}

TEMPLATE_LIST_TEST_CASE("map over connections: an endpoint that copies, or has other messages, is another channel", "",
                        sockets) {
    using C = TestType;
    using copies = channel<page, typename C::transport, direct, bounded<64>>;
    const about composition{C::describe()};
    const couple<C> names;
    {
        endpoint<C> mapped{names.alice};
        endpoint<copies> copied{names.bob};
        auto to_bob = mapped.link(names.bob);
        auto to_alice = copied.link(names.alice);
        bool told_one = false;
        bool told_two = false;
        PARLEY_REQUIRE(eventually([&] {
            std::error_code code;
            static_cast<void>(mapped.try_receive(code));
            static_cast<void>(copied.try_receive(code));
            std::error_code one;
            static_cast<void>(to_bob.try_send(numbered(1), one));
            std::error_code two;
            static_cast<void>(to_alice.try_send(numbered(1), two));
            told_one = told_one || one == errc::incompatible;
            told_two = told_two || two == errc::incompatible;
            return told_one && told_two;
        }));
    }
}

TEMPLATE_LIST_TEST_CASE("map over connections: who says nothing, or garbage, or brings what is no pool, stops nobody",
                        "", sockets) {
    using C = TestType;
    const about composition{C::describe()};
    const couple<C> names;
    endpoint<C> bob{names.bob, small_pool};
    const auto files = open_files();
    const auto others_go_on = [&](std::uint64_t number) {
        endpoint<C> alice{names.alice, small_pool};
        auto to_bob = alice.link(names.bob);
        to_bob.send(numbered(number));
        const auto [from, message] = bob.receive();
        return from == names.alice && message.number == number;
    };
    PARLEY_REQUIRE(others_go_on(0));
    {
        stranger<C> silent{names.bob};
        PARLEY_REQUIRE(others_go_on(1));
        PARLEY_REQUIRE(others_go_on(2));
    }
    {
        stranger<C> noisy{names.bob};
        const std::array<std::byte, 4096> garbage{std::byte{0x5a}, std::byte{0xff}};
        const os::descriptor nothing{::open("/dev/null", O_RDWR | O_CLOEXEC)};
        noisy.say(garbage, {nothing.get()});
        PARLEY_REQUIRE(others_go_on(3));
        PARLEY_REQUIRE(noisy.is_turned_away());
    }
    {
        const os::descriptor file{::open("/proc/self/exe", O_RDONLY | O_CLOEXEC)};
        const os::descriptor nothing{::open("/dev/null", O_RDWR | O_CLOEXEC)};
        const auto empty = memory(0, F_SEAL_SHRINK);
        const auto small = memory(100, F_SEAL_SHRINK);
        const auto fixed = memory(1 << 16, F_SEAL_SHRINK | F_SEAL_GROW);
        const auto zeros = memory(1 << 20, F_SEAL_SHRINK);
        const auto shrinks = memory(1 << 20, 0);
        const sound_pool<C> sound;
        const sound_pool<pages<typename C::transport, bounded<32>>> foreign;
        const sound_pool<C> taken;
        PARLEY_REQUIRE(os::try_lock_byte(taken.file.get(), segment::locks::gate));
        const int good = sound.file.get();
        const std::vector<std::vector<int>> vain{{},
                                                 {file.get()},
                                                 {nothing.get()},
                                                 {empty.get()},
                                                 {small.get()},
                                                 {fixed.get()},
                                                 {zeros.get()},
                                                 {shrinks.get()},
                                                 {foreign.file.get()},
                                                 {taken.file.get()},
                                                 {good, good},
                                                 {good, nothing.get(), file.get()},
                                                 std::vector<int>(100, nothing.get())};
        for (std::size_t each = 0; each < vain.size(); ++each) {
            stranger<C> caller{names.bob};
            caller.greet("/stranger", vain[each]);
            PARLEY_REQUIRE(others_go_on(10 + each));
            PARLEY_REQUIRE(caller.is_turned_away());
        }
        // The same with a sound one is heard: with references that lead nowhere, of which the first is told, and ends
        // its connection.
        const pool::block_reference nowhere{
            .where = {0, 12345}, .generation = 7, .pool = sound.lender.mark(), .length = 4096};
        stranger<C> heard{names.bob};
        heard.greet("/stranger", {good});
        heard.send(nowhere);
        heard.send(nowhere);
        std::error_code code;
        PARLEY_REQUIRE(eventually([&] {
            PARLEY_REQUIRE(!bob.try_receive(code));
            return static_cast<bool>(code);
        }));
        PARLEY_REQUIRE(code == errc::corrupt);
        PARLEY_REQUIRE(!bob.try_receive(code));
        PARLEY_REQUIRE(!code);
        PARLEY_REQUIRE(heard.is_turned_away());
        auto of_stranger = bob.link("/stranger");
        PARLEY_REQUIRE(!of_stranger.try_receive(code));
        PARLEY_REQUIRE(!code);
        // And of one who is asked for by its name.
        stranger<C> named{names.bob};
        const sound_pool<C> its_own;
        named.greet("/stranger", {its_own.file.get()});
        named.send(nowhere);
        PARLEY_REQUIRE(eventually([&] {
            PARLEY_REQUIRE(!of_stranger.try_receive(code));
            return static_cast<bool>(code);
        }));
        PARLEY_REQUIRE(code == errc::corrupt);
        PARLEY_REQUIRE(named.is_turned_away());
        PARLEY_REQUIRE(!of_stranger.try_receive(code));
        PARLEY_REQUIRE(!code);
        PARLEY_REQUIRE(others_go_on(40));
    }
    {
        stranger<C> half{names.bob};
        const sound_pool<C> sound;
        const std::array<std::byte, 5> beginning{};
        half.say(beginning, {sound.file.get()});
        PARLEY_REQUIRE(others_go_on(41));
    }
    std::error_code code;
    PARLEY_REQUIRE(eventually([&] {
        static_cast<void>(bob.receive_for(1ms, code));
        return open_files() <= files;
    }));
}

TEMPLATE_LIST_TEST_CASE(
    "map over connections: a peer without a descriptor for the pool says that, and not that it is "
    "crowded",
    "", sockets) {
    using C = TestType;
    const about composition{C::describe()};
    const couple<C> names;
    steps step;
    child bob{"bob", [&] {
                  endpoint<C> me{names.bob, small_pool};
                  // What a sanitizer looks at for the first time takes a descriptor: a first peer comes and goes.
                  const auto open_before = test::open_files();
                  {
                      endpoint<C> first{names.alice, small_pool};
                      first.link(names.bob).send(numbered(0));
                      PARLEY_CHECK_IN_CHILD(me.receive().first == names.alice);
                  }
                  PARLEY_CHECK_IN_CHILD(
                      eventually([&] { return !me.receive_for(1ms) && test::open_files() == open_before; }));
                  ::rlimit few{};
                  PARLEY_CHECK_IN_CHILD(::getrlimit(RLIMIT_NOFILE, &few) == 0);
                  // One for the connection, and none for what comes along.
                  few.rlim_cur = static_cast<::rlim_t>(os::descriptor{::dup(0)}.get()) + 1;
                  PARLEY_CHECK_IN_CHILD(::setrlimit(RLIMIT_NOFILE, &few) == 0);
                  step.reach(1);
                  while (step.at() != 2) {
                      PARLEY_CHECK_IN_CHILD(!me.receive_for(1ms));
                  }
              }};
    PARLEY_REQUIRE(step.await(1));
    endpoint<C> alice{names.alice, small_pool};
    auto to_bob = alice.link(names.bob);
    std::string told;
    PARLEY_REQUIRE(eventually([&] {
        try {
            static_cast<void>(to_bob.try_send(numbered(1)));
        } catch (const error& failure) {
            PARLEY_REQUIRE(failure.code() == errc::no_space);
            told = failure.what();
        }
        return !told.empty();
    }));
    PARLEY_REQUIRE(told.find("no descriptor or memory left") != std::string::npos);
    step.reach(2);
    PARLEY_REQUIRE(bob.join_ok());
}

}  // namespace parley::conformance
