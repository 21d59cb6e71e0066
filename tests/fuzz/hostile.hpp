#pragma once

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
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

/// Where the garbage of a test comes from: another place each time, or the one that PARLEY_FUZZ_SEED names, to see
/// again what a test that failed has printed.
[[nodiscard]] inline std::uint64_t fuzz_seed() {
    const char* given = std::getenv("PARLEY_FUZZ_SEED");
    return given == nullptr ? std::random_device{}() : std::strtoull(given, nullptr, 0);
}

/// A file, mapped by one who knows nothing of its meaning.
class raw_file {
public:
    explicit raw_file(const std::string& path) : path_(path), file_(::open(path.c_str(), O_RDWR | O_CLOEXEC)) {
        if (file_ < 0) {
            throw std::runtime_error("cannot open " + path);
        }
        follow();
    }
    raw_file(const raw_file&) = delete;
    raw_file& operator=(const raw_file&) = delete;
    ~raw_file() {
        ::munmap(bytes_, size_);
        ::close(file_);
    }

    /// Maps what has been added to the file since.
    void follow() {
        struct ::stat status {};
        if (::fstat(file_, &status) != 0) {
            throw std::runtime_error("cannot ask for the size of " + path_);
        }
        const auto size = static_cast<std::size_t>(status.st_size);
        if (size == size_) {
            return;
        }
        void* const bytes = ::mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_SHARED, file_, 0);
        if (bytes == MAP_FAILED) {
            throw std::runtime_error("cannot map " + path_);
        }
        if (bytes_ != nullptr) {
            ::munmap(bytes_, size_);
        }
        bytes_ = static_cast<std::byte*>(bytes);
        size_ = size;
    }

    [[nodiscard]] std::byte* data() const noexcept { return bytes_; }
    [[nodiscard]] std::size_t size() const noexcept { return size_; }

private:
    std::string path_;
    int file_;
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

    /// Writes one word, or a part of one, somewhere from `first` on, as another process would: in one store.
    void spoil(const raw_file& file, std::size_t first) {
        switch (random_() % 4) {
            case 0:
                return spoil_one<std::uint8_t>(file, first);
            case 1:
                return spoil_one<std::uint32_t>(file, first);
            default:
                return spoil_one<std::uint64_t>(file, first);
        }
    }

private:
    template <class Word>
    void spoil_one(const raw_file& file, std::size_t first) {
        const auto index = (first + below(file.size() - first)) / sizeof(Word);
        std::atomic_ref<Word> target(reinterpret_cast<Word*>(file.data())[index]);
        target.store(static_cast<Word>(word(file)), std::memory_order_relaxed);
    }

    std::mt19937_64 random_;
};

}  // namespace parley::test
