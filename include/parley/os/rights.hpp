#pragma once

#include <cstddef>
#include <cstring>
#include <span>
#include <vector>

#include <sys/socket.h>

#include <parley/os/descriptor.hpp>

/// Descriptors beside the bytes of a message over a Unix socket (SCM_RIGHTS, unix(7)).

namespace parley::os {

/// Puts copies of them beside the message, written into `control`, which has room for `CMSG_SPACE` of their bytes.
inline void put_rights(::msghdr& message, std::span<std::byte> control, std::span<const int> content) noexcept {
    message.msg_control = control.data();
    message.msg_controllen = control.size();
    auto* rights = CMSG_FIRSTHDR(&message);
    rights->cmsg_level = SOL_SOCKET;
    rights->cmsg_type = SCM_RIGHTS;
    rights->cmsg_len = CMSG_LEN(content.size_bytes());
    std::memcpy(CMSG_DATA(rights), content.data(), content.size_bytes());
}

/// Adds those that a message has brought, in their order. `to` has room for all of them, reserved before the message
/// was received: without memory now, they would stay open for ever.
inline void take_rights(::msghdr& message, std::vector<descriptor>& to) noexcept {
    for (auto* rights = CMSG_FIRSTHDR(&message); rights != nullptr; rights = CMSG_NXTHDR(&message, rights)) {
        if (rights->cmsg_level == SOL_SOCKET && rights->cmsg_type == SCM_RIGHTS) {
            const auto count = (rights->cmsg_len - CMSG_LEN(0)) / sizeof(int);
            for (std::size_t index = 0; index < count; ++index) {
                int number = -1;
                std::memcpy(&number, CMSG_DATA(rights) + index * sizeof(int), sizeof number);
                to.emplace_back(number);
            }
        }
    }
}

}  // namespace parley::os
