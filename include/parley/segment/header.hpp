#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>

#include <parley/os/cpu.hpp>
#include <parley/os/error.hpp>
#include <parley/os/layout_version.hpp>
#include <parley/os/smaller.hpp>

/// The first bytes of every segment: what it is, who can use it, whether it is still in use.

namespace parley::segment {

/// Why no more messages will pass.
enum class closing : std::uint32_t {
    open = 0,
    removed = 1,     ///< removed by name, or left by its owner in good order
    owner_died = 2,  ///< its owner was killed
};

/// What a process expects to find in a segment, and what a creator writes there.
struct identity {
    std::uint64_t fingerprint;     ///< of message layout and composition
    std::string_view description;  ///< the same for people
    std::size_t total_size;        ///< `whole_size` of what lies in it
};

inline constexpr std::size_t description_capacity = 440;

struct alignas(os::cache_line) header {
    static constexpr std::uint64_t expected_magic = 0x31'59'45'4c'52'41'50'00;  // "\0PARLEY1"

    std::uint64_t magic;
    std::uint32_t version;
    std::uint32_t header_size;
    std::uint64_t fingerprint;
    std::uint64_t total_size;
    std::array<char, description_capacity> description;

    // Written after the creation, so a line of their own: every operation reads them, hardly anyone writes.
    alignas(os::cache_line) std::atomic<closing> closed;
    std::atomic<std::uint32_t> full_fences;  ///< a sleeper cannot reach light fences: all must fence in full

    void write(const identity& id) noexcept {
        version = os::layout_version;
        header_size = sizeof(header);
        fingerprint = id.fingerprint;
        total_size = id.total_size;
        description.fill('\0');
        id.description.copy(description.data(), description_capacity - 1);
        closed.store(closing::open, std::memory_order_relaxed);
        full_fences.store(0, std::memory_order_relaxed);
        magic = expected_magic;
    }

    /// Throws unless a segment that begins with these bytes is what `id` describes. Works on a copy: the segment may
    /// change under a hostile peer's hands.
    static void check(const header* shared, std::size_t size, const identity& id, const std::string& where) {
        struct prefix {
            std::uint64_t magic;
            std::uint32_t version;
            std::uint32_t header_size;
            std::uint64_t fingerprint;
            std::uint64_t total_size;
            std::array<char, description_capacity> description;
        } found;
        static_assert(sizeof(prefix) == offsetof(header, description) + description_capacity);
        if (size < sizeof(header)) {
            throw_error(errc::corrupt, where + " is no parley segment: it has " + std::to_string(size) +
                                           " bytes, less than a header; remove it or choose another name");
        }
        std::memcpy(&found, static_cast<const void*>(shared), sizeof(found));
        if (found.magic != expected_magic) {
            throw_error(errc::corrupt, where + " is no parley segment; remove it or choose another name");
        }
        if (found.version != os::layout_version) {
            throw_error(errc::incompatible, where + " has shared layout version " + std::to_string(found.version) +
                                                ", this program uses version " + std::to_string(os::layout_version) +
                                                "; build both with the same parley, or remove the channel");
        }
        if (found.fingerprint != id.fingerprint || found.header_size != sizeof(header) ||
            found.total_size != id.total_size) {
            throw_error(errc::incompatible, where +
                                                " holds another channel:\n  there:  " + printable(found.description) +
                                                "\n  asked:  " + std::string(id.description) +
                                                "\nuse the same message and policies on every side, or remove it");
        }
        if (size < id.total_size) {
            throw_error(errc::corrupt, where + " is cut short: " + std::to_string(size) + " bytes of " +
                                           std::to_string(id.total_size) + "; remove it");
        }
    }

private:
    static std::string printable(const std::array<char, description_capacity>& text) {
        std::string result(text.data(), text.size());
        result.resize(os::smaller(result.find('\0'), result.size()));
        for (char& c : result) {
            c = c < ' ' || c > '~' ? '?' : c;
        }
        return result;
    }
};

// What programs of all layout versions read: whether it is a segment, of which version, and whether it is in use. With
// that they refuse what is not theirs, leave it alone, and can remove it.
static_assert(offsetof(header, magic) == 0 && offsetof(header, version) == 8 && offsetof(header, closed) == 512,
              "these stay where they are, whatever the layout version");

/// Where in a segment a `Body` begins, and where it ends. Segments are mapped at pages.
template <class Body>
inline constexpr std::size_t body_offset = (sizeof(header) + alignof(Body) - 1) / alignof(Body) * alignof(Body);
template <class Body>
inline constexpr std::size_t whole_size = body_offset<Body> + sizeof(Body);

static_assert(std::atomic<closing>::is_always_lock_free, "a lock of one process means nothing to another");

}  // namespace parley::segment
