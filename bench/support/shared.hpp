#pragma once

#include <cerrno>
#include <memory>
#include <new>
#include <system_error>

#include <sys/mman.h>

namespace bench {

/// One object in memory that this process shares with the children it forks afterwards. Pages are there from the start.
template <class T>
class shared {
public:
    shared() {
        void* const memory =
            ::mmap(nullptr, sizeof(T), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
        if (memory == MAP_FAILED) {
            throw std::system_error(errno, std::generic_category(), "mmap");
        }
        object_ = ::new (memory) T;
    }
    shared(const shared&) = delete;
    shared& operator=(const shared&) = delete;
    ~shared() {
        std::destroy_at(object_);
        ::munmap(object_, sizeof(T));
    }

    [[nodiscard]] T& operator*() const noexcept { return *object_; }
    [[nodiscard]] T* operator->() const noexcept { return object_; }

private:
    T* object_ = nullptr;
};

}  // namespace bench
