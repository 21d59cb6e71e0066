#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include <parley/os/cpu.hpp>
#include <parley/os/directory.hpp>
#include <parley/os/error.hpp>
#include <parley/pool/block.hpp>
#include <parley/segment/file_backing.hpp>
#include <parley/transport/memory/context.hpp>

/// What lies at the beginning of a pool's segment, and what that is called.

namespace parley::pool {

/// At most so many senders and so many receivers use one pool at a time; over time, any number.
inline constexpr std::size_t places = 64;

/// One process's line, written by nobody else while it lives, but for what others ask it for.
struct alignas(os::cache_line) participant {
    /// What it has in hand (pool/block.hpp).
    std::atomic<std::uint64_t> in_hand{0};
    /// Counts the beginnings and ends of its passages: while a sender puts a reference into the link, and while a
    /// receiver gets one out. Odd on the way.
    std::atomic<std::uint64_t> passages{0};
    /// Given to this process alone: a sender's blocks are marked with it. 0 for nobody.
    std::atomic<std::uint32_t> number{0};
    /// Of a sender, what it has in hand for a message that is not begun, and who lacks a block may take from it; 0 for
    /// nothing (`lender::take_next`).
    std::atomic<std::uint64_t> spare{0};
    /// How often somebody has asked for what is spare.
    std::atomic<std::uint64_t> asked{0};
};
static_assert(sizeof(participant) == os::cache_line, "one line each, or they falsely share");

/// `Kept`: what the storage of the blocks keeps here (pool/storage.hpp).
template <class SenderSide, class Classes, class Kept>
struct body {
    /// Bytes of all blocks together that may be reserved, as the creator said. Written before the segment has a name.
    std::atomic<std::uint64_t> limit{0};
    std::atomic<std::uint32_t> mark{0};     ///< a number of this pool, in all its references: no other pool's fit
    std::atomic<std::uint32_t> numbers{0};  ///< given so far
    std::array<std::atomic<std::uint32_t>, Classes::count> carved{};  ///< of each class, how many blocks there are

    /// Not 0: somebody finds no block, and whoever frees one says so in `freed`.
    alignas(os::cache_line) std::atomic<std::uint32_t> wanted{0};
    /// Not 0: somebody has found no block since a receiver made sure last that none is lost.
    std::atomic<std::uint32_t> lacked{0};
    std::atomic<std::uint32_t> freed{0};

    std::array<participant, places> senders;
    std::array<participant, places> receivers;
    [[no_unique_address]] transport::memory::lot_for<SenderSide, places> lot;
    [[no_unique_address]] Kept kept;
};

/// Pools lie in /dev/shm beside the channels of memory: that of channel `orders` over `mqueue` is
/// /dev/shm/parley-blocks.mqueue.orders. What a file name cannot have is written as %xx.
class backing : public segment::file_backing {
public:
    static constexpr std::string_view folder = "/dev/shm";
    static constexpr std::string_view beginning = "parley-blocks.";

    [[nodiscard]] static std::string locate(std::string_view name) {
        constexpr std::size_t longest = 230;
        std::string path = std::string(folder) + '/' + std::string(beginning);
        const auto prefix = path.size();
        for (const char each : name) {
            if (each == '/' || each == '%' || each == '\0') {
                const auto code = static_cast<unsigned char>(each);
                path += {'%', digits[code >> 4], digits[code & 15]};
            } else {
                path += each;
            }
        }
        if (path.size() - prefix > longest) {
            throw_error(errc::invalid_name, "the name '" + std::string(name.substr(0, longest)) +
                                                "' is too long for a channel whose messages stay in a pool: at most " +
                                                std::to_string(longest) + " bytes, and three for each '/'");
        }
        return path;
    }

    /// Calls `visit(name)` with the name of each pool that there is, as `locate` was given it.
    template <class Visit>
    static void for_each(Visit visit) {
        os::for_each_entry(folder.data(), [&](std::string_view file) {
            if (file.starts_with(beginning)) {
                visit(decoded(file.substr(beginning.size())));
            }
        });
    }

protected:
    [[nodiscard]] static std::string decoded(std::string_view file) {
        std::string name;
        for (std::size_t at = 0; at < file.size(); ++at) {
            if (file[at] == '%' && at + 2 < file.size()) {
                name += static_cast<char>(digits.find(file[at + 1]) << 4 | digits.find(file[at + 2]));
                at += 2;
            } else {
                name += file[at];
            }
        }
        return name;
    }

private:
    static constexpr std::string_view digits = "0123456789abcdef";
};

}  // namespace parley::pool
