#pragma once

#include <array>
#include <cstddef>
#include <span>
#include <vector>

#include <sys/socket.h>
#include <sys/types.h>
#include <sys/uio.h>

#include <parley/os/descriptor.hpp>
#include <parley/os/rights.hpp>

/// Descriptors that go over a connection beside bytes (SCM_RIGHTS, unix(7)).

namespace parley::transport::socket {

/// Sends these bytes, and beside the first of them a copy of the descriptor. As sendmsg(2).
[[nodiscard]] inline ::ssize_t send_with_descriptor(int socket, std::span<::iovec> parts, int descriptor) noexcept {
    alignas(::cmsghdr) std::array<std::byte, CMSG_SPACE(sizeof descriptor)> control{};
    ::msghdr message{};
    message.msg_iov = parts.data();
    message.msg_iovlen = parts.size();
    os::put_rights(message, control, std::span{&descriptor, 1});
    return os::uninterrupted([&] { return ::sendmsg(socket, &message, MSG_NOSIGNAL | MSG_DONTWAIT); });
}

/// Receives bytes, as recv(2), and adds the descriptor that came with them to `passed`. There is room for one: of more
/// the kernel closes the others, and so it does where this process may not open any more; then one that is none is
/// added, too.
[[nodiscard]] inline ::ssize_t receive_with_descriptor(int socket, std::span<std::byte> to, int flags,
                                                       std::vector<os::descriptor>& passed) {
    passed.reserve(passed.size() + 2);
    alignas(::cmsghdr) std::array<std::byte, CMSG_SPACE(sizeof(int))> control{};
    ::iovec part{to.data(), to.size()};
    ::msghdr message{};
    const auto size = os::uninterrupted([&] {
        message = {};
        message.msg_iov = &part;
        message.msg_iovlen = 1;
        message.msg_control = control.data();
        message.msg_controllen = CMSG_LEN(sizeof(int));  // the room for alignment would take a second one
        return ::recvmsg(socket, &message, flags | MSG_CMSG_CLOEXEC);
    });
    if (size < 0) {
        return size;
    }
    os::take_rights(message, passed);
    if ((message.msg_flags & MSG_CTRUNC) != 0) {
        passed.emplace_back();
    }
    return size;
}

}  // namespace parley::transport::socket
