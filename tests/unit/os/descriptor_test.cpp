#include <parley/os/descriptor.hpp>

#include <utility>

#include <sys/mman.h>

#include "support/catch.hpp"

using namespace parley;

namespace {

bool is_open(int number) { return ::fcntl(number, F_GETFD) >= 0; }

int new_file() { return ::memfd_create("descriptor", MFD_CLOEXEC); }

}  // namespace

TEST_CASE("a descriptor is closed once, by its last owner") {
    int number = -1;
    {
        os::descriptor one{new_file()};
        number = one.get();
        REQUIRE(one);
        CHECK(is_open(number));
        os::descriptor two{std::move(one)};
        // NOLINTNEXTLINE(bugprone-use-after-move): that is what is tested
        CHECK_FALSE(one);
        CHECK(is_open(number));
        os::descriptor three;
        CHECK_FALSE(three);
        three = std::move(two);
        CHECK(three.get() == number);
    }
    CHECK_FALSE(is_open(number));
}

TEST_CASE("assignment closes what was held, and not what is given") {
    os::descriptor one{new_file()};
    os::descriptor two{new_file()};
    const int first = one.get();
    const int second = two.get();
    one = std::move(two);
    CHECK_FALSE(is_open(first));
    CHECK(is_open(second));
    auto& same = one;
    one = std::move(same);
    CHECK(is_open(second));
    one.reset();
    one.reset();
    CHECK_FALSE(is_open(second));
}

TEST_CASE("what is released is not closed") {
    os::descriptor one{new_file()};
    const int number = one.release();
    CHECK_FALSE(one);
    CHECK(is_open(number));
    const os::descriptor again{number};
}

TEST_CASE("a duplicate is another number, closed on exec") {
    const os::descriptor one{new_file()};
    const auto two = one.duplicate();
    CHECK(two.get() != one.get());
    CHECK((::fcntl(two.get(), F_GETFD) & FD_CLOEXEC) != 0);
    CHECK_THROWS_AS(os::descriptor{}.duplicate(), error);
}

TEST_CASE("a call is repeated only for an interruption") {
    int calls = 0;
    CHECK(os::uninterrupted([&] {
              errno = EINTR;
              return ++calls < 3 ? -1 : 5;
          }) == 5);
    CHECK(calls == 3);
    calls = 0;
    CHECK(os::uninterrupted([&] {
              ++calls;
              errno = EIO;
              return -1;
          }) == -1);
    CHECK(calls == 1);
}
