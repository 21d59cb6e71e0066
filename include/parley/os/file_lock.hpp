#pragma once

#include <cerrno>
#include <cstdint>
#include <ctime>

#include <fcntl.h>
#include <unistd.h>

#include <parley/os/descriptor.hpp>
#include <parley/os/error.hpp>

/// Locks on single bytes of a file that belong to an open file description (F_OFD_SETLK, fcntl(2)).
///
/// The kernel releases such a lock when the last descriptor of its description is closed, which it does for a process
/// that ends in any way, SIGKILL included, and in any PID namespace. That makes a held byte the proof that its holder
/// lives. The bytes lie far beyond any data; a lock beyond the end of a file is allowed and costs nothing.

namespace parley::os {

namespace lock_detail {

inline constexpr std::int64_t first_byte = std::int64_t{1} << 61;

inline int command(int file, int operation, short type, std::uint32_t byte, short& found) noexcept {
    struct flock request {};
    request.l_type = type;
    request.l_whence = SEEK_SET;
    request.l_start = first_byte + static_cast<std::int64_t>(byte);
    request.l_len = 1;
    const int result = uninterrupted([&] { return ::fcntl(file, operation, &request); });
    found = request.l_type;
    return result;
}

inline bool try_lock(int file, short type, std::uint32_t byte) {
    short ignored = 0;
    if (command(file, F_OFD_SETLK, type, byte, ignored) == 0) {
        return true;
    }
    if (errno != EAGAIN && errno != EACCES) {
        throw_system(errno, "locking a byte of a channel's file", "the file system must support file locks");
    }
    return false;
}

}  // namespace lock_detail

/// Takes the exclusive lock on `byte` if nobody else holds any lock on it.
[[nodiscard]] inline bool try_lock_byte(int file, std::uint32_t byte) {
    return lock_detail::try_lock(file, F_WRLCK, byte);
}

/// Takes a shared lock on `byte` if nobody else holds the exclusive one.
[[nodiscard]] inline bool try_share_byte(int file, std::uint32_t byte) {
    return lock_detail::try_lock(file, F_RDLCK, byte);
}

inline void unlock_byte(int file, std::uint32_t byte) noexcept {
    short ignored = 0;
    lock_detail::command(file, F_OFD_SETLK, F_UNLCK, byte, ignored);
}

/// Whether another open file description holds a lock on `byte`. A lock of one's own does not count. About 0.4 us.
[[nodiscard]] inline bool byte_is_locked_by_other(int file, std::uint32_t byte) noexcept {
    short found = F_UNLCK;
    const int result = lock_detail::command(file, F_OFD_GETLK, F_WRLCK, byte, found);
    return result != 0 || found != F_UNLCK;  // when the kernel will not say, nobody is declared dead
}

/// Holds the exclusive lock on one byte for a scope; waits for it. Held for microseconds by design, so waiting polls.
class byte_guard {
public:
    byte_guard(int file, std::uint32_t byte) : file_(file), byte_(byte) {
        constexpr timespec pause{0, 200'000};
        while (!try_lock_byte(file, byte)) {
            ::nanosleep(&pause, nullptr);
        }
    }
    byte_guard(const byte_guard&) = delete;
    byte_guard& operator=(const byte_guard&) = delete;
    ~byte_guard() { unlock_byte(file_, byte_); }

private:
    int file_;
    std::uint32_t byte_;
};

}  // namespace parley::os
