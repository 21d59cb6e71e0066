#pragma once

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <random>
#include <stdexcept>
#include <string>
#include <vector>

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <parley/parley.hpp>

#include "support/catch.hpp"
#include "support/process.hpp"
#include "support/unique_name.hpp"

namespace parley::test {

/// Whether a library call may end with that, when somebody writes garbage into the segment.
[[nodiscard]] inline bool is_a_word_of_ours(const error& told) { return told.code().category() == error_category(); }

/// A file, mapped by one who knows nothing of its meaning.
class raw_file {
public:
    explicit raw_file(const std::string& path) {
        const int file = ::open(path.c_str(), O_RDWR | O_CLOEXEC);
        struct ::stat status {};
        if (file < 0 || ::fstat(file, &status) != 0) {
            throw std::runtime_error("cannot open " + path);
        }
        size_ = static_cast<std::size_t>(status.st_size);
        bytes_ = static_cast<std::byte*>(::mmap(nullptr, size_, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0));
        ::close(file);
        if (bytes_ == MAP_FAILED) {
            throw std::runtime_error("cannot map " + path);
        }
    }
    raw_file(const raw_file&) = delete;
    raw_file& operator=(const raw_file&) = delete;
    ~raw_file() { ::munmap(bytes_, size_); }

    [[nodiscard]] std::byte* data() const noexcept { return bytes_; }
    [[nodiscard]] std::size_t size() const noexcept { return size_; }

private:
    std::byte* bytes_ = nullptr;
    std::size_t size_ = 0;
};

/// Words that are likelier than others to be mistaken for something: small numbers, powers of two, ends of ranges, and
/// what stands elsewhere in the same segment.
class garbage {
public:
    explicit garbage(std::uint64_t seed) : random_(seed) {}

    [[nodiscard]] std::uint64_t word(const raw_file& from) {
        switch (random_() % 6) {
            case 0:
                return random_();
            case 1:
                return random_() % 512;
            case 2:
                return std::uint64_t{1} << (random_() % 64);
            case 3:
                return ~std::uint64_t{0} - random_() % 512;
            case 4:
                return std::uint64_t{0};
            default:
                break;
        }
        std::uint64_t other = 0;
        std::memcpy(&other, from.data() + 8 * (random_() % (from.size() / 8)), 8);
        return other + random_() % 9 - 4;
    }

    [[nodiscard]] std::uint64_t below(std::uint64_t limit) { return random_() % limit; }

    /// Writes one word somewhere from `first` on, as another process would: in one store.
    void spoil(const raw_file& file, std::size_t first) {
        const auto index = first / 8 + below((file.size() - first) / 8);
        std::atomic_ref<std::uint64_t> target(reinterpret_cast<std::uint64_t*>(file.data())[index]);
        target.store(word(file), std::memory_order_relaxed);
    }

private:
    std::mt19937_64 random_;
};

}  // namespace parley::test
