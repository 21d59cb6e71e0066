#pragma once

#include <array>
#include <compare>
#include <cstddef>
#include <cstring>
#include <span>
#include <string>
#include <string_view>

#include <parley/os/error.hpp>

namespace parley {

/// A message of variable size: up to `Max` bytes, kept in the object itself. What costs, in a copy as on the way, is
/// the part in use.
template <std::size_t Max>
class bytes {
public:
    /// The most bytes that one holds.
    static constexpr std::size_t max_size = Max;

    /// Empty.
    bytes() noexcept {}

    /// Copies `content`. Throws `errc::message_too_large` for more than `Max` bytes.
    bytes(std::span<const std::byte> content) { assign(content); }
    /// The same from text.
    bytes(std::string_view content) { assign(content); }
    /// The same from text.
    bytes(const std::string& content) : bytes(std::string_view{content}) {}
    /// The same from text that ends with a zero, which is not copied.
    bytes(const char* content) : bytes(std::string_view{content}) {}

    /// Copies the part in use.
    bytes(const bytes& other) noexcept { copy(other); }
    /// Copies the part in use.
    bytes& operator=(const bytes& other) noexcept {
        copy(other);
        return *this;
    }
    ~bytes() = default;

    /// Replaces the content. Throws `errc::message_too_large` for more than `Max` bytes, and leaves the content as it
    /// was.
    void assign(std::span<const std::byte> content) {
        resize(content.size());
        if (!content.empty())
            std::memmove(data_.data(), content.data(), content.size());
    }
    /// The same from text.
    void assign(std::string_view content) { assign(std::as_bytes(std::span{content.data(), content.size()})); }

    /// Sets the number of bytes in use. Those that come into use have whatever value is there: write them next.
    /// Throws `errc::message_too_large` for more than `Max`.
    void resize(std::size_t size) {
        if (size > Max) {
            throw_error(errc::message_too_large, "parley::bytes<" + std::to_string(Max) + ">: " + std::to_string(size) +
                                                     " bytes asked; use a larger bytes<Max> on every side, or send "
                                                     "the content in several messages");
        }
        size_ = size;
    }
    /// No bytes in use.
    void clear() noexcept { size_ = 0; }

    /// How many bytes are in use.
    [[nodiscard]] std::size_t size() const noexcept { return size_; }
    /// Whether none is.
    [[nodiscard]] bool empty() const noexcept { return size_ == 0; }
    /// The first byte.
    [[nodiscard]] std::byte* data() noexcept { return data_.data(); }
    /// The first byte.
    [[nodiscard]] const std::byte* data() const noexcept { return data_.data(); }
    /// The bytes in use as a range.
    [[nodiscard]] std::byte* begin() noexcept { return data(); }
    /// The bytes in use as a range.
    [[nodiscard]] const std::byte* begin() const noexcept { return data(); }
    /// Behind the last byte in use.
    [[nodiscard]] std::byte* end() noexcept { return data() + size_; }
    /// Behind the last byte in use.
    [[nodiscard]] const std::byte* end() const noexcept { return data() + size_; }

    // A span converts from this by itself: bytes is a contiguous range.

    /// The bytes in use as text; good until they change.
    [[nodiscard]] std::string_view as_string_view() const noexcept {
        return {reinterpret_cast<const char*>(data()), size_};
    }

    /// Compares the bytes in use. Two of different sizes are never equal.
    friend bool operator==(const bytes& left, const bytes& right) noexcept {
        return left.as_string_view() == right.as_string_view();
    }
    /// Compares the bytes in use, each as a number from 0 to 255. What begins another one comes before it.
    friend std::strong_ordering operator<=>(const bytes& left, const bytes& right) noexcept {
        return left.as_string_view() <=> right.as_string_view();
    }

private:
    void copy(const bytes& other) noexcept {
        size_ = other.size_;
        std::memmove(data_.data(), other.data_.data(), size_);
    }

    std::size_t size_ = 0;
    // Not initialized: whoever sets a size writes that many bytes. (A rule refuses bytes<0> as a message.)
    std::array<std::byte, Max == 0 ? 1 : Max> data_;
};

}  // namespace parley
