#include <parley/os/limit_text.hpp>
#include <parley/os/text_file.hpp>

#include <string>

#include <sys/mman.h>
#include <unistd.h>

#include <parley/os/descriptor.hpp>

#include "support/catch.hpp"

using namespace parley;

namespace {

/// A file of that content, and the path to it.
struct file_of {
    explicit file_of(const std::string& content) {
        REQUIRE(::write(file.get(), content.data(), content.size()) == static_cast<::ssize_t>(content.size()));
    }
    os::descriptor file{::memfd_create("text", MFD_CLOEXEC)};
    std::string path = "/proc/self/fd/" + std::to_string(file.get());
};

}  // namespace

TEST_CASE("a file is read whole, however long it is") {
    for (const std::size_t size : {0U, 1U, 4095U, 4096U, 4097U, 100000U}) {
        std::string content(size, 'a');
        for (std::size_t at = 0; at < size; ++at) {
            content[at] = static_cast<char>('a' + at % 23);
        }
        CHECK(os::text_of_file(file_of{content}.path) == content);
    }
}

TEST_CASE("a file of /proc, which says that it has 0 bytes, is read too") {
    CHECK(os::text_of_file("/proc/self/status").starts_with("Name:\t"));
}

TEST_CASE("a file that is not there says nothing") { CHECK(os::text_of_file("/proc/self/no such file").empty()); }

TEST_CASE("a limit is told by the first word of its file, and where it cannot be read without a figure") {
    const file_of limit{"10\t20\n"};
    CHECK(os::limit(limit.path) == limit.path + " allows 10");
    CHECK(os::limit("/no/such/limit") == "/no/such/limit allows fewer");
}
