#pragma once

#include <cstring>

#include <sys/socket.h>
#include <sys/uio.h>

/// Hands descriptors to a process that inherits nothing (SCM_RIGHTS, unix(7)).

namespace parley::test {

/// Whether it has gone.
[[nodiscard]] inline bool send_descriptor(int socket, int descriptor) {
    char byte = 'd';
    ::iovec content{.iov_base = &byte, .iov_len = 1};
    alignas(::cmsghdr) char control[CMSG_SPACE(sizeof(int))] = {};
    ::msghdr message{};
    message.msg_iov = &content;
    message.msg_iovlen = 1;
    message.msg_control = control;
    message.msg_controllen = sizeof control;
    auto* header = CMSG_FIRSTHDR(&message);
    header->cmsg_level = SOL_SOCKET;
    header->cmsg_type = SCM_RIGHTS;
    header->cmsg_len = CMSG_LEN(sizeof(int));
    std::memcpy(CMSG_DATA(header), &descriptor, sizeof descriptor);
    return ::sendmsg(socket, &message, 0) == 1;
}

/// The descriptor that comes next; -1 if none does.
[[nodiscard]] inline int receive_descriptor(int socket) {
    char byte = 0;
    ::iovec content{.iov_base = &byte, .iov_len = 1};
    alignas(::cmsghdr) char control[CMSG_SPACE(sizeof(int))] = {};
    ::msghdr message{};
    message.msg_iov = &content;
    message.msg_iovlen = 1;
    message.msg_control = control;
    message.msg_controllen = sizeof control;
    int descriptor = -1;
    if (::recvmsg(socket, &message, 0) != 1 || CMSG_FIRSTHDR(&message) == nullptr) {
        return descriptor;
    }
    std::memcpy(&descriptor, CMSG_DATA(CMSG_FIRSTHDR(&message)), sizeof descriptor);
    return descriptor;
}

}  // namespace parley::test
