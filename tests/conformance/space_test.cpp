#include <array>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <filesystem>
#include <optional>
#include <string>
#include <system_error>
#include <tuple>
#include <type_traits>
#include <utility>

#include <fcntl.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <parley/parley.hpp>

#include "conformance/compositions.hpp"
#include "conformance/venue.hpp"
#include "support/catch.hpp"

/// A full file system is an error, and never a signal.

namespace parley::conformance {

namespace {

constexpr int not_permitted = 77;

/// Runs `body(directory)` in a process for which `directory` is a file system of its own with `size` bytes. Whether
/// that was possible; a failure of the body fails the test.
template <class Body>
bool with_small_file_system(const std::string& directory, const std::string& size, Body body) {
    child inside{"inside a small file system", [&] {
                     if (::unshare(CLONE_NEWNS) != 0 ||
                         ::mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0 ||
                         ::mount("none", directory.c_str(), "tmpfs", 0, ("size=" + size).c_str()) != 0) {
                         ::_exit(not_permitted);
                     }
                     body();
                 }};
    const int status = inside.join();
    if (status == not_permitted) {
        WARN("skipped: mounting a small tmpfs is not permitted here (root with CAP_SYS_ADMIN is needed)");
        return false;
    }
    CHECK(status == 0);
    return true;
}

struct block {
    std::uint64_t number;
    std::array<std::byte, 4088> rest;
};

/// As much as fits in an unbounded channel, then an error; after a receive, again.
template <class C>
void fill_and_drain(const std::string& name) {
    sender<C> out{name};
    receiver<C> in{name};
    block message{};
    std::error_code code;
    for (int round = 0; round < 3; ++round) {
        std::uint64_t sent = 0;
        for (;; ++sent) {
            message.number = sent;
            if (!out.send(message, code)) {
                break;
            }
        }
        PARLEY_CHECK_IN_CHILD(code == errc::no_space);
        PARLEY_CHECK_IN_CHILD(code == std::errc::no_space_on_device);
        PARLEY_CHECK_IN_CHILD(thrown_by([&] { return out.try_send(message); }) == errc::no_space);
        PARLEY_CHECK_IN_CHILD(sent > 10);
        for (std::uint64_t number = 0; number < sent; ++number) {
            const auto received = in.try_receive();
            PARLEY_CHECK_IN_CHILD(received && received->number == number);
        }
        PARLEY_CHECK_IN_CHILD(!in.try_receive());
    }
}

}  // namespace

using files = std::tuple<shm, mapped_file>;

TEMPLATE_LIST_TEST_CASE("no room to create a channel is errc::no_space, and leaves nothing", "", files) {
    using C = parley::channel<block, TestType, bounded<1024>>;  // 4 MiB
    using small = parley::channel<block, TestType, bounded<4>>;
    const std::string directory =
        std::is_same_v<TestType, shm> ? "/dev/shm" : std::filesystem::temp_directory_path().string();
    with_small_file_system(directory, "1m", [&] {
        const std::string name = std::is_same_v<TestType, shm> ? "full" : directory + "/full";
        PARLEY_CHECK_IN_CHILD(thrown_by([&] { return sender<C>{name}; }) == errc::no_space);
        std::error_code code;
        PARLEY_CHECK_IN_CHILD(!sender<C>(name, code));
        PARLEY_CHECK_IN_CHILD(code == errc::no_space);
        PARLEY_CHECK_IN_CHILD(std::filesystem::is_empty(directory));
        struct ::statvfs room {};
        PARLEY_CHECK_IN_CHILD(::statvfs(directory.c_str(), &room) == 0 && room.f_bfree == room.f_blocks);
        PARLEY_CHECK_IN_CHILD(sender<small>(name));
    });
}

TEMPLATE_LIST_TEST_CASE("an unbounded channel on a full file system is errc::no_space, and goes on after a receive", "",
                        files) {
    const std::string directory =
        std::is_same_v<TestType, shm> ? "/dev/shm" : std::filesystem::temp_directory_path().string();
    with_small_file_system(directory, "12m", [&] {
        const std::string name = std::is_same_v<TestType, shm> ? "grows" : directory + "/grows";
        fill_and_drain<parley::channel<block, TestType, unbounded>>(name);
        using port_channel = parley::channel<block, TestType, unbounded, direct>;
        endpoint<port_channel> alice{name + "-a"};
        std::error_code code;
        block message{};
        while (alice.send(name + "-b", message, code)) {
        }
        PARLEY_CHECK_IN_CHILD(code == errc::no_space);
        endpoint<port_channel> bob{name + "-b"};
        PARLEY_CHECK_IN_CHILD(bob.receive(name + "-a").number == 0);
    });
}

TEST_CASE("a bounded channel needs no room after its creation") {
    with_small_file_system("/dev/shm", "1m", [&] {
        using C = parley::channel<block, shm, bounded<64>>;
        sender<C> out{"first"};
        receiver<C> in{"first"};
        {
            // Whatever room is left is taken.
            const int file = ::open("/dev/shm/filler", O_RDWR | O_CREAT, 0600);
            for (std::size_t size = 1 << 20; size >= 4096; size /= 2) {
                struct ::stat status {};
                ::fstat(file, &status);
                while (::posix_fallocate(file, status.st_size, static_cast<::off_t>(size)) == 0) {
                    ::fstat(file, &status);
                }
            }
            ::close(file);
        }
        PARLEY_CHECK_IN_CHILD(thrown_by([&] { return sender<C>{"second"}; }) == errc::no_space);
        block message{};
        std::memset(message.rest.data(), 7, message.rest.size());
        for (message.number = 0; message.number < 200; ++message.number) {
            for (int each = 0; each < 64; ++each) {
                PARLEY_CHECK_IN_CHILD(out.try_send(message));
            }
            for (int each = 0; each < 64; ++each) {
                PARLEY_CHECK_IN_CHILD(in.receive().number == message.number);
            }
        }
    });
}

using pools = std::tuple<parley::map, map_by<many_segments>>;

TEMPLATE_LIST_TEST_CASE("a message for which the pool has no memory is errc::no_space, and a smaller one is sent", "",
                        pools) {
    constexpr std::size_t mebibyte = std::size_t{1} << 20;
    const auto huge_pages = GENERATE(false, true);
    with_small_file_system("/dev/shm", "4m", [&] {
        using C = parley::channel<bytes<16 * mebibyte>, TestType, bounded<4>>;
        const options given{.huge_pages = huge_pages};
        sender<C> out{"mapped", given};
        receiver<C> in{"mapped", given};
        std::error_code code;
        PARLEY_CHECK_IN_CHILD(thrown_by([&] { return out.loan(5 * mebibyte); }) == errc::no_space);
        PARLEY_CHECK_IN_CHILD(!out.try_loan(16 * mebibyte, code) && code == errc::no_space);
        for (int round = 0; round < 20; ++round) {
            auto loan = out.loan(mebibyte);
            std::memset(loan.room().data(), round, mebibyte);
            loan.resize(mebibyte);
            out.send(std::move(loan));
            const auto held = in.take();
            PARLEY_CHECK_IN_CHILD(held.content().size() == mebibyte);
            PARLEY_CHECK_IN_CHILD(held.content().back() == static_cast<std::byte>(round));
        }
    });
}

using grown_files = std::tuple<on<shm>::c<>, on<shm>::c<parley::map>, on<shm>::c<map_by<many_segments>>>;

TEMPLATE_LIST_TEST_CASE("a limit of file sizes is an error, and no signal", "", grown_files) {
    using C = TestType;
    const auto name = fresh_name<C>();
    child limited{[&] {
        ::rlimit limit{};
        PARLEY_CHECK_IN_CHILD(::getrlimit(RLIMIT_FSIZE, &limit) == 0);
        bool opened = false;
        for (limit.rlim_cur = 4096; !opened; limit.rlim_cur *= 2) {
            PARLEY_CHECK_IN_CHILD(::setrlimit(RLIMIT_FSIZE, &limit) == 0);
            std::error_code code;
            opened = bool{sender<C>{name, {.pool_size = 1 << 20}, code}};
            PARLEY_CHECK_IN_CHILD(opened || code == errc::system);
        }
        PARLEY_CHECK_IN_CHILD(limit.rlim_cur > 8192);
    }};
    CHECK(limited.join_ok());
    C::remove(name);
}

}  // namespace parley::conformance
