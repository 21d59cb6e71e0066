#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <random>
#include <system_error>
#include <vector>

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include <parley/parley.hpp>

#include "support/catch.hpp"
#include "support/open_files.hpp"

/// What somebody else may hand over as the end of a channel whose messages stay: an error each time, never a wild
/// access, and nothing stays open.

namespace {

using namespace parley;
using test::open_files;

using links = channel<std::uint64_t, unix_stream, direct, parley::map>;
using others = channel<std::uint32_t, unix_stream, direct, parley::map>;
using ports = channel<std::uint64_t, anonymous_shm, port, parley::map>;

template <class C>
[[nodiscard]] std::error_code attached(os::descriptor&& given) {
    std::error_code code;
    if constexpr (C::addressing::pairwise) {
        parley::link<C> end{from_descriptor, given.release(), 0};
        static_cast<void>(end.try_send(1, code));
    } else {
        sender<C> end{from_descriptor, given.release()};
        static_cast<void>(end.try_send(1, code));
    }
    return code;
}

[[nodiscard]] os::descriptor memory(std::size_t size, bool sealed) {
    os::descriptor result{::memfd_create("test", MFD_CLOEXEC | MFD_ALLOW_SEALING)};
    REQUIRE(::ftruncate(result.get(), static_cast<::off_t>(size)) == 0);
    if (sealed) {
        REQUIRE(::fcntl(result.get(), F_ADD_SEALS, F_SEAL_SHRINK) == 0);
    }
    return result;
}

[[nodiscard]] os::descriptor bundle_of(const std::vector<int>& content) { return os::make_bundle(content); }

}  // namespace

TEST_CASE("what is no bundle, or one of something else, is no end of a channel") {
    const auto before = open_files();
    {
        auto good = links::pair();
        const auto inside = os::open_bundle(good.first.descriptor());
        REQUIRE(inside.size() == 3);
        const int end = inside[0].get();
        const int pool = inside[1].get();
        const os::descriptor file{::open("/proc/self/exe", O_RDONLY | O_CLOEXEC)};
        const os::descriptor nothing{::open("/dev/null", O_RDWR | O_CLOEXEC)};
        const auto empty = memory(0, true);
        const auto small = memory(100, true);
        const auto zeros = memory(1 << 20, true);
        const auto open_ended = memory(1 << 20, false);
        const auto refused = [&](const std::vector<int>& content) { return attached<links>(bundle_of(content)); };

        CHECK(attached<links>(os::descriptor{::open("/dev/null", O_RDWR | O_CLOEXEC)}));
        int sockets[2];
        REQUIRE(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, sockets) == 0);
        const os::descriptor other{sockets[1]};
        CHECK(attached<links>(os::descriptor{sockets[0]}));

        CHECK(refused({end}) == errc::corrupt);
        CHECK(refused({end, pool}) == errc::corrupt);
        CHECK(refused({end, pool, pool, pool}) == errc::corrupt);
        for (const int each :
             {file.get(), nothing.get(), end, open_ended.get(), empty.get(), small.get(), zeros.get()}) {
            CHECK(refused({end, each, pool}) == errc::corrupt);
            CHECK(refused({end, pool, each}) == errc::corrupt);
        }
        CHECK(refused({file.get(), pool, inside[2].get()}));
        // Sealed memory of another channel, and of one that has no pool.
        CHECK(attached<others>(good.second.descriptor() >= 0
                                   ? os::descriptor{::fcntl(good.second.descriptor(), F_DUPFD_CLOEXEC, 0)}
                                   : os::descriptor{}) == errc::incompatible);
        CHECK(attached<ports>(os::descriptor{::fcntl(good.second.descriptor(), F_DUPFD_CLOEXEC, 0)}) == errc::corrupt);
        // None of these has done anything to the good ones.
        good.first.send(7);
        CHECK(good.second.receive() == 7);
    }
    CHECK(open_files() == before);
}

TEST_CASE("whoever has a pool without a name cannot cut it short under the others") {
    auto ends = links::pair();
    const auto inside = os::open_bundle(ends.first.descriptor());
    ends.first.send(7);
    CHECK(::ftruncate(inside[1].get(), 0) != 0);
    CHECK(::ftruncate(inside[2].get(), 4096) != 0);
    CHECK(ends.second.receive() == 7);
}

TEST_CASE("a pool without a name that is full of garbage is refused, or gives wrong messages, and nothing worse") {
    std::mt19937_64 random{12345};
    for (int round = 0; round < 200; ++round) {
        auto ends = links::pair();
        const auto inside = os::open_bundle(ends.first.descriptor());
        const int pool = inside[1 + random() % 2].get();
        const bool attach_first = round % 2 == 0;
        if (attach_first) {
            ends.first.send(1);
            CHECK(ends.second.receive() == 1);
        }
        for (int spot = 0; spot < 40; ++spot) {
            const std::uint64_t garbage = spot % 3 == 0 ? ~std::uint64_t{0} : random();
            static_cast<void>(::pwrite(pool, &garbage, sizeof garbage, static_cast<::off_t>(random() % 16384)));
        }
        std::error_code code;
        for (int each = 0; each < 4; ++each) {
            static_cast<void>(ends.first.try_send(2, code));
            static_cast<void>(ends.second.try_receive(code));
            static_cast<void>(ends.second.try_send(2, code));
            static_cast<void>(ends.first.try_receive(code));
        }
    }
}
