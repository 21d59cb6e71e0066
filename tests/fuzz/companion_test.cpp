#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <random>
#include <string>
#include <system_error>
#include <vector>

#include <sys/socket.h>
#include <unistd.h>

#include <parley/parley.hpp>

#include "support/catch.hpp"
#include "support/eventually.hpp"
#include "support/open_files.hpp"
#include "support/unique_name.hpp"

/// What a stranger may say at an endpoint whose connections bring pools along, beginning with something sound: garbage
/// in the frames, in the pool, or both. The endpoint goes on with others, and nothing stays open.

namespace {

using namespace parley;
using test::open_files;
using test::unique_name;

template <class Transport>
using numbers = channel<std::uint64_t, Transport, direct, parley::map, bounded<4>>;

template <class C>
void say(const std::string& name, int type, std::mt19937_64& random) {
    using pool_type = payload::pool_of<C>;
    const auto file = pool_type::lender::create_nameless(pool_type::identity);
    typename pool_type::lender lender{pool::nameless{file.get(), 1 << 20, pool_type::identity}};
    std::memcpy(lender.lend(8), "message", 8);
    const auto reference = lender.hand_over(8);
    lender.handed_over();

    const os::descriptor caller{::socket(AF_UNIX, type | SOCK_CLOEXEC, 0)};
    const auto at = transport::socket::local_address(name);
    REQUIRE(::connect(caller.get(), at.get(), at.length) == 0);
    const auto spoil = [&](std::byte* bytes, std::size_t size) {
        for (auto times = random() % 3; times > 0; --times) {
            bytes[random() % size] = static_cast<std::byte>(random());
        }
    };
    const std::string own = "/stranger";
    message::frame_header header;
    header.kind = message::frame_kind::hello;
    header.sequence = os::layout_version;
    const std::uint64_t fingerprint = C::fingerprint;
    header.length = static_cast<std::uint32_t>(sizeof fingerprint + own.size());
    std::vector<std::byte> hello(sizeof header + header.length);
    std::memcpy(hello.data(), &header, sizeof header);
    std::memcpy(hello.data() + sizeof header, &fingerprint, sizeof fingerprint);
    std::memcpy(hello.data() + sizeof header + sizeof fingerprint, own.data(), own.size());
    if (random() % 4 == 0) {
        spoil(hello.data(), hello.size());
    }
    std::array<::iovec, 1> parts{::iovec{hello.data(), random() % 8 == 0 ? random() % hello.size() : hello.size()}};
    static_cast<void>(transport::socket::send_with_descriptor(caller.get(), parts, file.get()));
    message::frame_header content;
    content.length = sizeof reference;
    std::array<std::byte, sizeof content + sizeof reference> letter;
    std::memcpy(letter.data(), &content, sizeof content);
    std::memcpy(letter.data() + sizeof content, &reference, sizeof reference);
    spoil(letter.data(), letter.size());
    for (int spot = 0; spot < 20; ++spot) {
        const auto garbage = spot % 3 == 0 ? ~std::uint64_t{0} : random();
        static_cast<void>(::pwrite(file.get(), &garbage, sizeof garbage, static_cast<::off_t>(random() % 16384)));
    }
    static_cast<void>(::send(caller.get(), letter.data(), letter.size(), MSG_NOSIGNAL));
}

template <class C>
void check(int type) {
    INFO(C::describe());
    std::mt19937_64 random{4711};
    const auto name = unique_name("fuzz-companion");
    endpoint<C> me{name};
    endpoint<C> friendly{name + "-friend"};
    friendly.send(name, 0);
    CHECK(me.receive().second == 0);
    const auto files = open_files();
    for (std::uint64_t round = 0; round < 150; ++round) {
        say<C>(name, type, random);
        friendly.send(name, round);
        bool came = false;
        CHECK(test::eventually([&] {
            std::error_code code;
            const auto got = me.try_receive(code);
            came = got && got->first == name + "-friend" && got->second == round;
            return came;
        }));
    }
    CHECK(test::eventually([&] {
        std::error_code code;
        static_cast<void>(me.try_receive(code));
        return open_files() <= files;
    }));
}

/// Frames that may be there before a hello, each with a descriptor beside it, while the connection stays open.
template <class C>
void check_hoarding(int type) {
    INFO(C::describe());
    const auto name = unique_name("fuzz-companion");
    endpoint<C> me{name};
    endpoint<C> friendly{name + "-friend"};
    friendly.send(name, 0);
    CHECK(me.receive().second == 0);
    const auto files = open_files();
    const os::descriptor caller{::socket(AF_UNIX, type | SOCK_CLOEXEC, 0)};
    const auto at = transport::socket::local_address(name);
    REQUIRE(::connect(caller.get(), at.get(), at.length) == 0);
    const bool drips = GENERATE(false, true) && type == SOCK_STREAM;  // a hello that never ends, or words of farewell
    message::frame_header header;
    header.kind = drips ? message::frame_kind::hello : message::frame_kind::goodbye;
    header.length = drips ? 1000 : 0;
    std::array<std::byte, sizeof header> bytes;
    std::memcpy(bytes.data(), &header, sizeof header);
    for (std::size_t word = 0; word < 100; ++word) {
        std::array<::iovec, 1> parts{drips && word >= bytes.size() ? ::iovec{bytes.data(), 1}
                                     : drips                       ? ::iovec{&bytes[word], 1}
                                                                   : ::iovec{bytes.data(), bytes.size()}};
        static_cast<void>(transport::socket::send_with_descriptor(caller.get(), parts, caller.get()));
        std::error_code code;
        static_cast<void>(me.try_receive(code));
        CHECK(open_files() <= files + 4);  // the two ends, and what has just come
    }
    friendly.send(name, 1);
    CHECK(test::eventually([&] {
        std::error_code code;
        const auto got = me.try_receive(code);
        return got && got->second == 1;
    }));
}

}  // namespace

TEST_CASE("a stranger who passes more and more descriptors, over a stream") {
    check_hoarding<numbers<unix_stream>>(SOCK_STREAM);
}

TEST_CASE("a stranger who passes more and more descriptors, in packets") {
    check_hoarding<numbers<unix_seqpacket>>(SOCK_SEQPACKET);
}

TEST_CASE("a stranger with a pool, and garbage over a stream") { check<numbers<unix_stream>>(SOCK_STREAM); }

TEST_CASE("a stranger with a pool, and garbage in packets") { check<numbers<unix_seqpacket>>(SOCK_SEQPACKET); }
