#include <parley/transport/socket/descriptors.hpp>

#include <array>
#include <cstddef>
#include <cstring>
#include <vector>

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/uio.h>

#include "support/catch.hpp"

using namespace parley;
using transport::socket::receive_with_descriptor;
using transport::socket::send_with_descriptor;

namespace {

struct both {
    explicit both(int type) {
        int made[2];
        REQUIRE(::socketpair(AF_UNIX, type | SOCK_CLOEXEC, 0, made) == 0);
        one = os::descriptor{made[0]};
        other = os::descriptor{made[1]};
    }
    os::descriptor one;
    os::descriptor other;
};

[[nodiscard]] bool are_one_file(int one, int other) {
    struct ::stat first {};
    struct ::stat second {};
    return ::fstat(one, &first) == 0 && ::fstat(other, &second) == 0 && first.st_ino == second.st_ino &&
           first.st_dev == second.st_dev;
}

std::array<std::byte, 8> bytes{std::byte{1}, std::byte{2}};

}  // namespace

TEST_CASE("a descriptor comes with the bytes that it was sent with, and is closed on exec") {
    for (const int type : {SOCK_STREAM, SOCK_SEQPACKET}) {
        const both ends(type);
        const os::descriptor file{::open("/proc/self/exe", O_RDONLY | O_CLOEXEC)};
        std::array<::iovec, 1> parts{::iovec{bytes.data(), bytes.size()}};
        REQUIRE(send_with_descriptor(ends.one.get(), parts, file.get()) == 8);
        REQUIRE(::send(ends.one.get(), bytes.data(), 3, 0) == 3);
        std::vector<os::descriptor> passed;
        std::array<std::byte, 100> to{};
        REQUIRE(receive_with_descriptor(ends.other.get(), to, MSG_DONTWAIT, passed) == 8);
        CHECK(std::memcmp(to.data(), bytes.data(), 8) == 0);
        REQUIRE(passed.size() == 1);
        CHECK(are_one_file(passed.front().get(), file.get()));
        CHECK((::fcntl(passed.front().get(), F_GETFD) & FD_CLOEXEC) != 0);
        CHECK(receive_with_descriptor(ends.other.get(), to, MSG_DONTWAIT, passed) == 3);
        CHECK(passed.size() == 1);
        CHECK(receive_with_descriptor(ends.other.get(), to, MSG_DONTWAIT, passed) < 0);
    }
}

TEST_CASE("of several descriptors one stays, and it is told that there were more") {
    const both ends(SOCK_STREAM);
    const os::descriptor file{::open("/proc/self/exe", O_RDONLY | O_CLOEXEC)};
    const std::array<int, 3> three{file.get(), file.get(), file.get()};
    alignas(::cmsghdr) std::array<std::byte, CMSG_SPACE(sizeof three)> control{};
    ::iovec part{bytes.data(), bytes.size()};
    ::msghdr message{};
    message.msg_iov = &part;
    message.msg_iovlen = 1;
    message.msg_control = control.data();
    message.msg_controllen = control.size();
    auto* rights = CMSG_FIRSTHDR(&message);
    rights->cmsg_level = SOL_SOCKET;
    rights->cmsg_type = SCM_RIGHTS;
    rights->cmsg_len = CMSG_LEN(sizeof three);
    std::memcpy(CMSG_DATA(rights), three.data(), sizeof three);
    const int next = os::descriptor{file.duplicate()}.get();  // closed again: the next one that is opened
    REQUIRE(::sendmsg(ends.one.get(), &message, 0) == 8);
    std::vector<os::descriptor> passed;
    std::array<std::byte, 100> to{};
    REQUIRE(receive_with_descriptor(ends.other.get(), to, MSG_DONTWAIT, passed) == 8);
    REQUIRE(passed.size() == 2);
    CHECK(are_one_file(passed[0].get(), file.get()));
    CHECK_FALSE(passed[1]);
    passed.clear();
    CHECK(os::descriptor{file.duplicate()}.get() == next);  // none of them is open
}
