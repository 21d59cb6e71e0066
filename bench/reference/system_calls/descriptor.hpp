#pragma once

#include <cerrno>
#include <system_error>
#include <utility>

#include <fcntl.h>
#include <unistd.h>

namespace bench::reference {

[[noreturn, gnu::cold]] inline void throw_errno(const char* call) {
    throw std::system_error(errno, std::generic_category(), call);
}

/// What a system call returned, which must not be -1.
template <class Result>
Result checked(Result result, const char* call) {
    if (result == Result{-1}) {
        throw_errno(call);
    }
    return result;
}

/// A descriptor that is closed with the object.
class descriptor {
public:
    descriptor() = default;
    explicit descriptor(int number) noexcept : number_(number) {}
    descriptor(descriptor&& other) noexcept : number_(std::exchange(other.number_, -1)) {}
    descriptor& operator=(descriptor&& other) noexcept {
        std::swap(number_, other.number_);
        return *this;
    }
    ~descriptor() {
        if (number_ >= 0) {
            ::close(number_);
        }
    }

    [[nodiscard]] bool there() const noexcept { return number_ >= 0; }
    [[nodiscard]] int get() const noexcept { return number_; }

private:
    int number_ = -1;
};

/// What one of two processes writes to and reads from; a socket is both.
struct side {
    descriptor out;
    descriptor in;

    [[nodiscard]] int to_write() const noexcept { return out.get(); }
    [[nodiscard]] int to_read() const noexcept { return in.there() ? in.get() : out.get(); }
};

/// Made before the fork, so that nothing needs a name when it is used.
struct both_sides {
    side left;
    side right;
};

/// Adds flags of the open file, as of open(2).
inline void add_flags(int file, int flags) {
    checked(::fcntl(file, F_SETFL, checked(::fcntl(file, F_GETFL), "fcntl") | flags), "fcntl");
}

}  // namespace bench::reference
