#include <cstddef>
#include <cstdint>
#include <cstring>
#include <fstream>
#include <sstream>
#include <string>
#include <string_view>

#include <sys/stat.h>
#include <unistd.h>

#include <parley/os/file_lock.hpp>
#include <parley/segment/extents.hpp>
#include <parley/segment/file_backing.hpp>
#include <parley/segment/sysv_backing.hpp>

#include "support/catch.hpp"
#include "support/process.hpp"

using namespace parley;
using parley::test::unique_name;

namespace {

constexpr std::size_t page = std::size_t{64} * 1024;

std::size_t blocks(int file) {
    struct ::stat status {};
    REQUIRE(::fstat(file, &status) == 0);
    return static_cast<std::size_t>(status.st_blocks) * 512;
}

/// How many System V segments there are that this process has made.
int system_v_segments() {
    std::ifstream table{"/proc/sysvipc/shm"};
    int result = 0;
    for (std::string line; std::getline(table, line);) {
        std::istringstream row{line};
        std::string key, identifier, permissions, size;
        long maker = 0;
        if (row >> key >> identifier >> permissions >> size >> maker && maker == ::getpid()) {
            ++result;
        }
    }
    return result;
}

}  // namespace

TEST_CASE("where names lie") {
    CHECK(segment::posix_backing::locate("orders") == "/dev/shm/parley.orders");
    CHECK(segment::sysv_backing::locate("orders") == "/dev/shm/parley-sysv.orders");
    CHECK(segment::path_backing::locate("/tmp/orders") == "/tmp/orders");
}

TEST_CASE("parts of a file are reserved, mapped and given back") {
    const os::descriptor file = segment::file_backing::create_anonymous(page, [](int) {});
    segment::extents<segment::file_backing> parts{file.get(), page, 0600};
    const segment::extent part{1, page, 4 * page};
    CHECK(parts.try_map(part).get_address() == nullptr);
    parts.reserve(part);
    CHECK(blocks(file.get()) >= 5 * page);
    auto memory = parts.try_map(part);
    REQUIRE(memory.get_address() != nullptr);
    CHECK(memory.get_size() == part.size);
    std::memset(memory.get_address(), 1, part.size);
    parts.discard(part);
    CHECK(blocks(file.get()) <= page);
    std::byte first{9};
    std::memcpy(&first, memory.get_address(), 1);  // no SIGBUS: the file keeps its length
    CHECK(first == std::byte{0});
}

TEST_CASE("two lanes of a segment do not meet") {
    const os::descriptor file = segment::file_backing::create_anonymous(page, [](int) {});
    segment::extents<segment::file_backing> there{file.get(), page, 0600, 0};
    segment::extents<segment::file_backing> back{file.get(), page, 0600, 1};
    const segment::extent part{1, page, page};
    there.reserve(part);
    back.reserve(part);
    auto one = there.map(part);
    auto other = back.map(part);
    std::memset(one.get_address(), 1, page);
    std::byte first{9};
    std::memcpy(&first, other.get_address(), 1);
    CHECK(first == std::byte{0});
}

TEST_CASE("every System V segment of a channel goes with it") {
    const int before = system_v_segments();
    const auto path = segment::sysv_backing::locate(unique_name("backing"));
    const os::descriptor control = segment::sysv_backing::create(path, 0600, page, [](int) {});
    REQUIRE(control);
    CHECK(segment::sysv_backing::complete(control.get()));
    CHECK(segment::sysv_backing::size(control.get()) == page);
    segment::extents<segment::sysv_backing> parts{control.get(), page, 0600};
    parts.reserve({1, page, page});
    parts.reserve({2, 2 * page, page});
    CHECK(parts.map({1, page, page}).get_size() == page);
    CHECK(parts.try_map({3, 3 * page, page}).get_address() == nullptr);
    CHECK(system_v_segments() == before + 3);
    parts.discard({1, page, page});
    CHECK(system_v_segments() == before + 2);
    CHECK_FALSE(parts.removed());
    segment::sysv_backing::destroy(control.get(), path);
    CHECK(parts.removed());
    CHECK(system_v_segments() == before);
    CHECK(::access(path.c_str(), F_OK) != 0);
}

TEST_CASE("what a process has attached of a removed System V segment can be attached until it lets go") {
    const auto path = segment::sysv_backing::locate(unique_name("backing"));
    const os::descriptor control = segment::sysv_backing::create(path, 0600, page, [](int) {});
    segment::extents<segment::sysv_backing> parts{control.get(), page, 0600};
    const segment::extent part{1, page, page};
    parts.reserve(part);
    parts.reserve({2, 2 * page, page});
    auto attached = parts.map(part);
    std::memset(attached.get_address(), 5, page);
    segment::sysv_backing::destroy(control.get(), path);
    {
        auto late = parts.try_map(part);
        REQUIRE(late.get_address() != nullptr);
        std::byte first{0};
        std::memcpy(&first, late.get_address(), 1);
        CHECK(first == std::byte{5});
    }
    CHECK(parts.try_map({2, 2 * page, page}).get_address() == nullptr);
    attached = segment::region{};
    CHECK(parts.try_map(part).get_address() == nullptr);
}

TEST_CASE("a name is taken away only from the file that has it") {
    const auto path = segment::posix_backing::locate(unique_name("backing"));
    const auto first = segment::posix_backing::create(path, 0600, page, [](int) {});
    REQUIRE(first);
    CHECK_FALSE(segment::posix_backing::create(path, 0600, page, [](int) {}));  // taken
    REQUIRE(::unlink(path.c_str()) == 0);
    const auto second = segment::posix_backing::create(path, 0600, page, [](int) {});
    REQUIRE(second);
    segment::posix_backing::destroy(first.get(), path);
    CHECK(::access(path.c_str(), F_OK) == 0);
    segment::posix_backing::destroy(second.get(), path);
    CHECK(::access(path.c_str(), F_OK) != 0);
}
