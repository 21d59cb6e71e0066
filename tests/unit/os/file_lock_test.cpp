#include <parley/os/file_lock.hpp>

#include <string>

#include <sys/mman.h>

#include "support/catch.hpp"
#include "support/process.hpp"

using namespace parley;

namespace {

os::descriptor memory_file() { return os::descriptor{::memfd_create("locks", MFD_CLOEXEC)}; }

/// A second open file description of the same file: another participant, as far as the kernel is concerned.
os::descriptor again(const os::descriptor& file) {
    return os::descriptor{::open(("/proc/self/fd/" + std::to_string(file.get())).c_str(), O_RDWR | O_CLOEXEC)};
}

}  // namespace

TEST_CASE("a locked byte is seen by others, and by nobody else") {
    const auto mine = memory_file();
    const auto other = again(mine);
    CHECK_FALSE(os::byte_is_locked_by_other(other.get(), 7));
    REQUIRE(os::try_lock_byte(mine.get(), 7));
    CHECK(os::byte_is_locked_by_other(other.get(), 7));
    CHECK_FALSE(os::byte_is_locked_by_other(mine.get(), 7));
    CHECK_FALSE(os::byte_is_locked_by_other(other.get(), 6));
    CHECK_FALSE(os::byte_is_locked_by_other(other.get(), 8));
    CHECK_FALSE(os::try_lock_byte(other.get(), 7));
    CHECK_FALSE(os::try_share_byte(other.get(), 7));
    CHECK(os::try_lock_byte(other.get(), 8));
    os::unlock_byte(mine.get(), 7);
    CHECK_FALSE(os::byte_is_locked_by_other(other.get(), 7));
    CHECK(os::try_lock_byte(other.get(), 7));
}

TEST_CASE("a shared byte can be shared, and shows as locked") {
    const auto one = memory_file();
    const auto two = again(one);
    const auto three = again(one);
    REQUIRE(os::try_share_byte(one.get(), 1));
    REQUIRE(os::try_share_byte(two.get(), 1));
    CHECK_FALSE(os::try_lock_byte(three.get(), 1));
    CHECK(os::byte_is_locked_by_other(one.get(), 1));
    os::unlock_byte(two.get(), 1);
    CHECK_FALSE(os::byte_is_locked_by_other(one.get(), 1));
    CHECK(os::byte_is_locked_by_other(three.get(), 1));
}

TEST_CASE("a lock goes with the process that held it, however that ends") {
    const auto file = memory_file();
    const test::shared<std::atomic<bool>> locked;
    test::child holder("holder", [&] {
        const auto own = again(file);
        PARLEY_CHECK_IN_CHILD(os::try_lock_byte(own.get(), 3));
        locked->store(true);
        ::pause();
    });
    REQUIRE(test::eventually([&] { return locked->load(); }));
    CHECK(os::byte_is_locked_by_other(file.get(), 3));
    CHECK_FALSE(os::try_lock_byte(file.get(), 3));
    holder.kill9();
    CHECK_FALSE(os::byte_is_locked_by_other(file.get(), 3));
    CHECK(os::try_lock_byte(file.get(), 3));
}

TEST_CASE("a lock lives as long as a forked copy of its description") {
    const auto file = memory_file();
    auto own = again(file);
    REQUIRE(os::try_lock_byte(own.get(), 3));
    test::child copy("copy", [&] { ::pause(); });
    own.reset();
    CHECK(os::byte_is_locked_by_other(file.get(), 3));
    copy.kill9();
    CHECK_FALSE(os::byte_is_locked_by_other(file.get(), 3));
}

TEST_CASE("a guard waits for the byte, and gives it back") {
    const auto file = memory_file();
    const test::shared<std::atomic<bool>> locked;
    test::child holder("holder", [&] {
        const auto own = again(file);
        const os::byte_guard guard(own.get(), 3);
        locked->store(true);
        ::pause();
    });
    REQUIRE(test::eventually([&] { return locked->load(); }));
    const test::shared<std::atomic<bool>> through;
    test::child waiter("waiter", [&] {
        const auto own = again(file);
        const os::byte_guard guard(own.get(), 3);
        through->store(true);
    });
    CHECK_FALSE(through->load());
    holder.kill9();
    CHECK(waiter.join_ok());
    CHECK(through->load());
    CHECK_FALSE(os::byte_is_locked_by_other(file.get(), 3));
}

TEST_CASE("what cannot be locked is an error, or counts as alive") {
    CHECK_THROWS_AS(os::try_lock_byte(-1, 0), error);
    CHECK(os::byte_is_locked_by_other(-1, 0));
}
