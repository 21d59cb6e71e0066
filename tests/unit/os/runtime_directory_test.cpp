#include <parley/os/runtime_directory.hpp>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <optional>
#include <string>

#include <sys/stat.h>
#include <unistd.h>

#include "support/catch.hpp"
#include "support/process.hpp"
#include "support/unique_name.hpp"

using namespace parley;

namespace {

constexpr ::uid_t somebody_else = 65534;

/// XDG_RUNTIME_DIR has this value as long as this lives, or is not set.
class runtime_variable {
public:
    explicit runtime_variable(const std::optional<std::string>& value) {
        if (const char* given = std::getenv("XDG_RUNTIME_DIR")) {
            before_ = given;
        }
        set(value);
    }
    ~runtime_variable() { set(before_); }
    runtime_variable(const runtime_variable&) = delete;
    runtime_variable& operator=(const runtime_variable&) = delete;

private:
    static void set(const std::optional<std::string>& value) {
        if (value) {
            ::setenv("XDG_RUNTIME_DIR", value->c_str(), 1);
        } else {
            ::unsetenv("XDG_RUNTIME_DIR");
        }
    }
    std::optional<std::string> before_;
};

/// A directory of this user's, and XDG_RUNTIME_DIR its path.
class own_directory {
public:
    own_directory() { std::filesystem::create_directory(path); }
    ~own_directory() { std::filesystem::remove_all(path); }
    own_directory(const own_directory&) = delete;
    own_directory& operator=(const own_directory&) = delete;

    const std::string path = (std::filesystem::temp_directory_path() / test::unique_name("runtime-directory")).string();
    const std::string expected = path + "/parley";

private:
    runtime_variable variable_{path};
};

[[nodiscard]] ::mode_t permissions_of(const std::string& path) {
    struct ::stat status {};
    REQUIRE(::lstat(path.c_str(), &status) == 0);
    return status.st_mode & 07777;
}

/// What it throws, which must be this.
[[nodiscard]] std::string refusal(errc expected) {
    std::string made;
    try {
        made = os::runtime_directory();
    } catch (const error& thrown) {
        CHECK(thrown.code() == expected);
        return thrown.what();
    }
    FAIL("not refused: " << made);
    return {};
}

[[nodiscard]] bool contains(const std::string& text, const std::string& part) {
    return text.find(part) != std::string::npos;
}

}  // namespace

TEST_CASE("the directory is made in XDG_RUNTIME_DIR, and nobody else may enter it") {
    const own_directory own;
    const auto mask = ::umask(GENERATE(0U, 022U, 077U));
    CHECK(os::runtime_directory() == own.expected);
    ::umask(mask);
    CHECK(std::filesystem::is_directory(own.expected));
    CHECK(permissions_of(own.expected) == 0700);
}

TEST_CASE("a directory that is there is used as it is, with what is in it") {
    const own_directory own;
    REQUIRE(os::runtime_directory() == own.expected);
    std::ofstream(own.expected + "/orders.fifo") << "kept";
    CHECK(os::runtime_directory() == own.expected);
    CHECK(std::filesystem::file_size(own.expected + "/orders.fifo") == 4);
}

TEST_CASE("several processes may make it at once") {
    const own_directory own;
    const auto make = [&] { PARLEY_CHECK_IN_CHILD(os::runtime_directory() == own.expected); };
    test::child one("one", make);
    test::child two("two", make);
    test::child three("three", make);
    CHECK(one.join_ok());
    CHECK(two.join_ok());
    CHECK(three.join_ok());
}

TEST_CASE("without an absolute path in XDG_RUNTIME_DIR it is in /tmp, with the user's number") {
    const auto expected = "/tmp/parley-" + std::to_string(::geteuid());
    const runtime_variable variable(GENERATE(std::optional<std::string>{}, std::optional<std::string>{""},
                                             std::optional<std::string>{"relative/path"}));
    CHECK(os::runtime_directory() == expected);
    CHECK(permissions_of(expected) == 0700);
}

TEST_CASE("a directory that others may enter is refused, and the text says what to do") {
    const own_directory own;
    REQUIRE(::mkdir(own.expected.c_str(), 0700) == 0);
    for (const ::mode_t open : {0710U, 0701U, 0740U, 0704U, 0720U, 0702U, 0777U}) {
        REQUIRE(::chmod(own.expected.c_str(), open) == 0);
        const auto text = refusal(errc::permission_denied);
        CHECK(contains(text, own.expected));
        CHECK(contains(text, "0700"));
        CHECK(contains(text, "XDG_RUNTIME_DIR"));
        CHECK(permissions_of(own.expected) == open);
    }
    REQUIRE(::chmod(own.expected.c_str(), 0700) == 0);
    CHECK(os::runtime_directory() == own.expected);
}

TEST_CASE("a symbolic link is refused, also to a directory of one's own") {
    const own_directory own;
    REQUIRE(::mkdir((own.path + "/elsewhere").c_str(), 0700) == 0);
    REQUIRE(::symlink("elsewhere", own.expected.c_str()) == 0);
    CHECK(contains(refusal(errc::permission_denied), own.expected));
}

TEST_CASE("a symbolic link to nothing is refused, and makes nothing") {
    const own_directory own;
    REQUIRE(::symlink("elsewhere", own.expected.c_str()) == 0);
    CHECK(contains(refusal(errc::permission_denied), own.expected));
    CHECK_FALSE(std::filesystem::exists(own.path + "/elsewhere"));
}

TEST_CASE("a file in its place is refused") {
    const own_directory own;
    std::ofstream(own.expected) << "a file";
    REQUIRE(::chmod(own.expected.c_str(), 0600) == 0);
    CHECK(contains(refusal(errc::permission_denied), own.expected));
}

TEST_CASE("a directory of somebody else is refused") {
    if (::geteuid() != 0) {
        WARN("skipped: only root can make a directory that belongs to somebody else");
        return;
    }
    const own_directory own;
    REQUIRE(::mkdir(own.expected.c_str(), 0700) == 0);
    REQUIRE(::chown(own.expected.c_str(), somebody_else, static_cast<::gid_t>(-1)) == 0);
    CHECK(contains(refusal(errc::permission_denied), own.expected));
}

TEST_CASE("where it cannot be made the text says where, and what to do") {
    SECTION("XDG_RUNTIME_DIR is not there") {
        const auto path = "/tmp/" + test::unique_name("no-such-directory");
        const runtime_variable variable(path);
        const auto text = refusal(errc::not_found);
        CHECK(contains(text, path + "/parley"));
        CHECK(contains(text, "set XDG_RUNTIME_DIR to a directory of yours"));
    }
    SECTION("XDG_RUNTIME_DIR is a file") {
        const own_directory own;
        const auto path = own.path + "/file";
        std::ofstream{path} << "a file";
        const runtime_variable variable(path);
        CHECK(contains(refusal(errc::invalid_name), path + "/parley"));
    }
    SECTION("XDG_RUNTIME_DIR is somebody else's") {
        if (::geteuid() != 0) {
            WARN("skipped: only root can become somebody else");
            return;
        }
        const own_directory own;
        REQUIRE(::chmod(own.path.c_str(), 0700) == 0);
        test::child other("somebody else", [&] {
            PARLEY_CHECK_IN_CHILD(::seteuid(somebody_else) == 0);
            std::error_code code;
            try {
                static_cast<void>(os::runtime_directory());
            } catch (const error& thrown) {
                code = thrown.code();
            }
            PARLEY_CHECK_IN_CHILD(code == errc::permission_denied);
        });
        CHECK(other.join_ok());
        CHECK_FALSE(std::filesystem::exists(own.expected));
    }
}
