#pragma once

#include <cerrno>
#include <utility>

#include <fcntl.h>
#include <unistd.h>

#include <parley/os/error.hpp>

namespace parley::os {

/// Owns one file descriptor and closes it.
class descriptor {
public:
    descriptor() noexcept = default;
    explicit descriptor(int number) noexcept : number_(number) {}
    descriptor(descriptor&& other) noexcept : number_(std::exchange(other.number_, -1)) {}
    descriptor& operator=(descriptor&& other) noexcept {
        if (this != &other) {
            reset();
            number_ = std::exchange(other.number_, -1);
        }
        return *this;
    }
    descriptor(const descriptor&) = delete;
    descriptor& operator=(const descriptor&) = delete;
    ~descriptor() { reset(); }

    [[nodiscard]] int get() const noexcept { return number_; }
    [[nodiscard]] explicit operator bool() const noexcept { return number_ >= 0; }
    [[nodiscard]] int release() noexcept { return std::exchange(number_, -1); }

    void reset() noexcept {
        if (number_ >= 0) {
            ::close(std::exchange(number_, -1));
        }
    }

    /// A second descriptor of the same open file description, closed on exec.
    [[nodiscard]] descriptor duplicate() const {
        descriptor copy{::fcntl(number_, F_DUPFD_CLOEXEC, 0)};
        if (!copy) {
            throw_system(errno, "duplicating a descriptor", "raise the limit of open files (ulimit -n)");
        }
        return copy;
    }

private:
    int number_ = -1;
};

/// Calls `call()` again for as long as a signal handler interrupts it.
template <class Call>
[[nodiscard]] auto uninterrupted(Call call) noexcept(noexcept(call())) {
    auto result = call();
    while (result < 0 && errno == EINTR) {
        result = call();
    }
    return result;
}

}  // namespace parley::os
