#include <parley/segment/segment.hpp>

#include <atomic>
#include <cstdint>
#include <cstring>
#include <filesystem>
#include <optional>
#include <string>
#include <type_traits>
#include <utility>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <parley/segment/file_backing.hpp>
#include <parley/segment/sysv_backing.hpp>

#include "support/catch.hpp"
#include "support/process.hpp"

using namespace parley;
using parley::test::child;
using parley::test::eventually;
using parley::test::shared;
using parley::test::unique_name;

namespace {

struct body {
    std::atomic<std::uint32_t> joined{0};
    std::atomic<std::uint32_t> woken{0};
};

template <class Backing>
using segment_of = segment::segment<Backing, body>;

constexpr segment::identity identity{42, "a segment of the tests", segment::whole_size<body>};

template <class Backing>
class name {
public:
    name() : value_(unique_name("segment")) {
        if constexpr (std::is_same_v<Backing, segment::path_backing>) {
            value_ = (std::filesystem::temp_directory_path() / value_).string();
        }
    }
    ~name() {
        segment_of<Backing>::remove(value_, identity, [](body&) {});
    }
    name(const name&) = delete;
    name& operator=(const name&) = delete;
    [[nodiscard]] segment::attachment_request request(segment::opening mode = segment::opening::open_or_create) const {
        segment::attachment_request result;
        result.name = value_;
        result.mode = mode;
        result.id = identity;
        result.give_up = os::deadline::at(os::clock::now());
        return result;
    }
    [[nodiscard]] const std::string& value() const noexcept { return value_; }
    [[nodiscard]] std::string path() const { return Backing::locate(value_); }

private:
    std::string value_;
};

template <class Call>
errc thrown_by(Call call) {
    try {
        static_cast<void>(call());
    } catch (const error& caught) {
        return static_cast<errc>(caught.code().value());
    }
    return errc{};
}

const auto join = [](auto& joined) { joined.body().joined.fetch_add(1); };

}  // namespace

TEMPLATE_TEST_CASE("a segment is made once and opened after that", "", segment::posix_backing, segment::path_backing,
                   segment::sysv_backing) {
    using segment_type = segment_of<TestType>;
    const name<TestType> used;
    CHECK(thrown_by([&] { return segment_type::attach(used.request(segment::opening::open_only), join); }) ==
          errc::not_found);
    auto first = segment_type::attach(used.request(segment::opening::create_only), join);
    CHECK(first.attached());
    CHECK_FALSE(first.inherited());
    CHECK(first.path() == used.path());
    CHECK(first.body().joined == 1);
    CHECK(thrown_by([&] { return segment_type::attach(used.request(segment::opening::create_only), join); }) ==
          errc::already_exists);
    auto second = segment_type::attach(used.request(), join);
    auto third = segment_type::attach(used.request(segment::opening::open_only), join);
    CHECK(first.body().joined == 3);
    CHECK(&first.body() != &second.body());
    third.body().woken = 7;
    CHECK(second.body().woken == 7);
}

TEMPLATE_TEST_CASE("a segment lives without a process, and goes when it is removed", "", segment::posix_backing,
                   segment::path_backing, segment::sysv_backing) {
    using segment_type = segment_of<TestType>;
    const name<TestType> used;
    { const auto only = segment_type::attach(used.request(), join); }
    auto again = segment_type::attach(used.request(segment::opening::open_only), join);
    CHECK(again.body().joined == 2);
    CHECK(again.closed() == segment::closing::open);
    int woken = 0;
    CHECK(segment_type::remove(used.value(), identity, [&](body& left) { woken = static_cast<int>(left.joined); }));
    CHECK(woken == 2);
    CHECK(again.closed() == segment::closing::removed);
    CHECK_FALSE(std::filesystem::exists(used.path()));
    CHECK_FALSE(segment_type::remove(used.value(), identity, [](body&) {}));
    const auto fresh = segment_type::attach(used.request(segment::opening::create_only), join);
    CHECK(fresh.body().joined == 1);
    CHECK(again.body().joined == 2);  // the old one is still what it was for whoever holds it
}

TEMPLATE_TEST_CASE("who refuses to join leaves no trace", "", segment::posix_backing, segment::path_backing,
                   segment::sysv_backing) {
    using segment_type = segment_of<TestType>;
    const name<TestType> used;
    const auto refuse = [](segment_type&) { throw_error(errc::in_use, "no"); };
    CHECK(thrown_by([&] { return segment_type::attach(used.request(), refuse); }) == errc::in_use);
    CHECK_FALSE(std::filesystem::exists(used.path()));
    const auto there = segment_type::attach(used.request(), join);
    CHECK(thrown_by([&] { return segment_type::attach(used.request(), refuse); }) == errc::in_use);
    CHECK(segment_type::attach(used.request(), join));  // the gate is open
}

TEMPLATE_TEST_CASE("a segment with an owner goes with it", "", segment::posix_backing, segment::path_backing,
                   segment::sysv_backing) {
    using segment_type = segment_of<TestType>;
    const name<TestType> used;
    auto request = used.request();
    request.has_owner = true;
    {
        auto owner = segment_type::attach(request, join);
        CHECK(owner.is_owner());
        auto guest = segment_type::attach(request, join);
        CHECK_FALSE(guest.is_owner());
        CHECK_FALSE(guest.bury_dead_owner());
        owner.leave([](segment_type&) {});
        CHECK(guest.closed() == segment::closing::removed);
        CHECK_FALSE(std::filesystem::exists(used.path()));
    }
    shared<std::atomic<bool>> ready{false};
    child owner{[&] {
        const auto mine = segment_type::attach(request, join);
        ready->store(true);
        for (;;) {
            ::pause();
        }
    }};
    REQUIRE(eventually([&] { return ready->load(); }));
    auto guest = segment_type::attach(request, join);
    CHECK_FALSE(guest.is_owner());
    CHECK_FALSE(guest.bury_dead_owner());
    owner.kill9();
    CHECK(guest.closed() == segment::closing::open);  // nobody has looked yet
    CHECK(guest.bury_dead_owner());
    CHECK(guest.closed() == segment::closing::owner_died);
    CHECK_FALSE(guest.bury_dead_owner());
    CHECK_FALSE(std::filesystem::exists(used.path()));
}

TEMPLATE_TEST_CASE("a copy that came with fork is not attached", "", segment::posix_backing, segment::sysv_backing) {
    using segment_type = segment_of<TestType>;
    const name<TestType> used;
    auto mine = segment_type::attach(used.request(), join);
    child heir{[&] {
        PARLEY_CHECK_IN_CHILD(mine.inherited());
        bool departed = false;
        mine.leave([&](segment_type&) { departed = true; });
        PARLEY_CHECK_IN_CHILD(!departed);
    }};
    CHECK(heir.join_ok());
    CHECK_FALSE(mine.inherited());
    bool departed = false;
    mine.leave([&](segment_type&) { departed = true; });
    CHECK(departed);
}

TEST_CASE("a segment that is moved takes everything along") {
    using segment_type = segment_of<segment::posix_backing>;
    const name<segment::posix_backing> used;
    auto request = used.request();
    request.has_owner = true;
    auto first = segment_type::attach(request, join);
    segment_type second{std::move(first)};
    // NOLINTNEXTLINE(bugprone-use-after-move): that is what is tested
    CHECK_FALSE(first.attached());
    CHECK(second.attached());
    CHECK(second.is_owner());
    segment_type third;
    third = std::move(second);
    CHECK(third.is_owner());
    CHECK(third.body().joined == 1);
    CHECK(third.path() == used.path());
}

TEST_CASE("a segment without a name is found by its descriptor") {
    using segment_type = segment_of<segment::file_backing>;
    const auto object = segment_type::create_anonymous(identity);
    auto one = segment_type::attach_to(object.get(), identity, join);
    auto other = segment_type::attach_to(object.get(), identity, join);
    CHECK(one.body().joined == 2);
    other.body().woken = 5;
    CHECK(one.body().woken == 5);
    CHECK(one.file() != other.file());  // descriptions of their own, so locks of their own
    const segment::identity another{43, "another", sizeof(body)};
    CHECK(thrown_by([&] { return segment_type::attach_to(object.get(), another, join); }) == errc::incompatible);
}

TEST_CASE("the header tells what stands in the way") {
    using segment_type = segment_of<segment::posix_backing>;
    const name<segment::posix_backing> used;
    const auto there = segment_type::attach(used.request(), join);
    auto request = used.request();
    request.id = {43, "what the other one says", sizeof(body)};
    try {
        static_cast<void>(segment_type::attach(request, join));
        FAIL("attached");
    } catch (const error& caught) {
        const std::string text = caught.what();
        CHECK(caught.code() == errc::incompatible);
        CHECK(text.find("a segment of the tests") != std::string::npos);
        CHECK(text.find("what the other one says") != std::string::npos);
        CHECK(text.find(used.path()) != std::string::npos);
    }
}

TEST_CASE("hostile text in a header is shown harmless") {
    using segment_type = segment_of<segment::posix_backing>;
    const name<segment::posix_backing> used;
    auto request = used.request();
    request.id = {42, "\x1b[2J and \n more", sizeof(body)};
    const auto there = segment_type::attach(request, join);
    request.id = {43, "mine", sizeof(body)};
    try {
        static_cast<void>(segment_type::attach(request, join));
        FAIL("attached");
    } catch (const error& caught) {
        CHECK(std::string(caught.what()).find('\x1b') == std::string::npos);
    }
}

TEST_CASE("a link in the file system is not followed") {
    using segment_type = segment_of<segment::path_backing>;
    const name<segment::path_backing> used;
    const name<segment::path_backing> target;
    const auto there = segment_type::attach(target.request(), join);
    std::filesystem::create_symlink(target.path(), used.path());
    CHECK(thrown_by([&] { return segment_type::attach(used.request(), join); }) != errc{});
    CHECK(there.body().joined == 1);
    std::filesystem::remove(used.path());
}

TEST_CASE("a nameless segment of a creator that was killed leaves nothing") {
    const name<segment::posix_backing> used;
    shared<std::atomic<bool>> building{false};
    child creator{[&] {
        static_cast<void>(segment::posix_backing::create(used.path(), 0600, 1 << 20, [&](int) {
            building->store(true);
            for (;;) {
                ::pause();
            }
        }));
    }};
    REQUIRE(eventually([&] { return building->load(); }));
    CHECK_FALSE(std::filesystem::exists(used.path()));
    creator.kill9();
    CHECK_FALSE(std::filesystem::exists(used.path()));
}

TEST_CASE("a System V segment whose creator was killed is swept away by the next one") {
    using segment_type = segment_of<segment::sysv_backing>;
    const name<segment::sysv_backing> used;
    shared<std::atomic<bool>> building{false};
    child creator{[&] {
        static_cast<void>(segment::sysv_backing::create(used.path(), 0600, 1 << 20, [&](int) {
            building->store(true);
            for (;;) {
                ::pause();
            }
        }));
    }};
    REQUIRE(eventually([&] { return building->load(); }));
    creator.kill9();
    const auto mine = segment_type::attach(used.request(), join);
    CHECK(mine.body().joined == 1);
}
