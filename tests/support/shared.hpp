#pragma once

#include <cerrno>
#include <new>
#include <system_error>
#include <type_traits>
#include <utility>

#include <sys/mman.h>

namespace parley::test {

/// A T that this process shares with the children that it forks from now on, to coordinate with them.
template <class T>
class shared {
    static_assert(std::is_trivially_destructible_v<T>, "several processes hold it, and none knows that it is the last");

public:
    template <class... Arguments>
    explicit shared(Arguments&&... arguments) {
        void* memory = ::mmap(nullptr, sizeof(T), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
        if (memory == MAP_FAILED) {
            throw std::system_error{errno, std::generic_category(), "mmap"};
        }
        object_ = ::new (memory) T{std::forward<Arguments>(arguments)...};
    }

    shared(const shared&) = delete;
    shared& operator=(const shared&) = delete;

    ~shared() { ::munmap(object_, sizeof(T)); }

    [[nodiscard]] T& operator*() const noexcept { return *object_; }
    [[nodiscard]] T* operator->() const noexcept { return object_; }

private:
    T* object_;
};

}  // namespace parley::test
