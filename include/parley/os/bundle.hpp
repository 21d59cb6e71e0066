#pragma once

#include <array>
#include <cerrno>
#include <cstddef>
#include <span>
#include <utility>
#include <vector>

#include <sys/socket.h>

#include <parley/os/descriptor.hpp>
#include <parley/os/error.hpp>
#include <parley/os/rights.hpp>

/// Several descriptors held by one: a socket in whose queue they lie (SCM_RIGHTS, unix(7)). Whoever has it, by fork,
/// across exec or through another socket, can take copies out as often as it likes (MSG_PEEK); the last copy of the
/// socket that is closed lets go of them all.

namespace parley::os {

inline constexpr std::size_t most_in_a_bundle = 253;  ///< SCM_MAX_FD

/// Puts descriptors into a new bundle. They stay open here too.
[[nodiscard]] inline descriptor make_bundle(std::span<const int> content) {
    int ends[2];
    if (content.size() > most_in_a_bundle || ::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) != 0) {
        throw_system(content.size() > most_in_a_bundle ? E2BIG : errno, "bundling descriptors",
                     "raise the limit of open files (ulimit -n)");
    }
    const descriptor into{ends[0]};
    descriptor bundle{ends[1]};

    std::vector<std::byte> control(CMSG_SPACE(content.size_bytes()));
    char one = 1;
    ::iovec part{&one, sizeof one};
    ::msghdr message{};
    message.msg_iov = &part;
    message.msg_iovlen = 1;
    put_rights(message, control, content);
    if (uninterrupted([&] { return ::sendmsg(into.get(), &message, MSG_NOSIGNAL); }) < 0) {
        throw_system(errno, "bundling descriptors", "raise the limit of open files (ulimit -n)");
    }
    return bundle;
}

/// Copies of all descriptors in a bundle, in their order.
[[nodiscard]] inline std::vector<descriptor> open_bundle(int bundle) {
    std::array<std::byte, CMSG_SPACE(most_in_a_bundle * sizeof(int))> control;
    char one = 0;
    ::iovec part{&one, sizeof one};
    ::msghdr message{};
    message.msg_iov = &part;
    message.msg_iovlen = 1;
    message.msg_control = control.data();
    message.msg_controllen = control.size();
    std::vector<descriptor> result;
    result.reserve(control.size() / sizeof(int));
    if (uninterrupted([&] { return ::recvmsg(bundle, &message, MSG_PEEK | MSG_DONTWAIT | MSG_CMSG_CLOEXEC); }) < 0) {
        throw_system(errno, "looking into a bundle of descriptors", "is it one that descriptor() gave?");
    }
    take_rights(message, result);
    if ((message.msg_flags & MSG_CTRUNC) != 0) {
        throw_error(errc::no_space, "too many open files for a bundle of descriptors; raise the limit (ulimit -n)");
    }
    return result;
}

}  // namespace parley::os
