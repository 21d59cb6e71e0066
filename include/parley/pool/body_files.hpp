#pragma once

#include <array>
#include <cerrno>
#include <charconv>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

#include <sys/stat.h>
#include <unistd.h>

#include <parley/os/crash_point.hpp>
#include <parley/os/directory.hpp>
#include <parley/os/error.hpp>
#include <parley/os/file_lock.hpp>
#include <parley/pool/block.hpp>
#include <parley/pool/body.hpp>
#include <parley/segment/locks.hpp>

/// The files of a pool whose blocks are segments of their own, and when they go.
///
/// The body of a block is the file /dev/shm/parley-block.POOL.MARK.CLASS.INDEX.TOKEN, numbers in hexadecimal, where
/// POOL is what the pool is called (pool/body.hpp) and MARK its own number, which no other pool of that name has had,
/// as well as 32 bits can tell. TOKEN is chosen when the file is made, and stands beside the block's state: anybody may
/// make files in /dev/shm, and one who knew the next name could keep the pool from growing. A file is made by who adds
/// a block, with the growth lock of the pool held and while the pool has its name. Whoever takes the pool's name away
/// holds that lock too, and removes the files first; who cannot, leaves the name. So:
///
/// - no file is made for a pool without a name;
/// - who is killed on the way leaves a closed pool with a name, which the next one who opens or removes it ends;
/// - a file that was made before its pool lost the name goes with the name.
///
/// What is left is what somebody else leaves who removes a pool's file by hand, or a channel of that name with blocks
/// in one segment. The next one who opens or removes a channel of that name clears it: it lists the files, looks then
/// which pool has the name, and removes those of others. A pool that has no name after one of its files was seen never
/// has one again.

namespace parley::pool {

/// Names files of bodies, and finds them.
class body_files {
public:
    struct found {
        std::string path;
        std::uint32_t mark;
    };

    [[nodiscard]] static std::string path(std::string_view pool, std::uint32_t mark, block which, std::uint32_t token) {
        auto result = beginning_for(pool);
        append(result, mark, 8);
        result += '.';
        append(result, which.size_class, 1);
        result += '.';
        append(result, which.index, 1);
        result += '.';
        append(result, token, 8);
        return result;
    }

    /// All of the pools that are or were at that path. Throws where this process may open nothing more.
    [[nodiscard]] static std::vector<found> of(std::string_view pool) {
        const auto beginning = beginning_for(pool);
        const auto folder_size = beginning.rfind('/') + 1;
        const auto prefix = std::string_view(beginning).substr(folder_size);
        std::vector<found> result;
        const bool listed = os::for_each_entry(beginning.substr(0, folder_size).c_str(), [&](std::string_view file) {
            if (file.starts_with(prefix)) {
                if (const auto mark = mark_in(file.substr(prefix.size()))) {
                    result.push_back({beginning.substr(0, folder_size) + std::string(file), *mark});
                }
            }
        });
        if (!listed) {
            os::throw_system(errno, "listing " + beginning.substr(0, folder_size),
                             "the limit of open files (ulimit -n)");
        }
        return result;
    }

    /// Removes them; whether any went. One of another user stays; that user's next process that opens or removes the
    /// channel clears it.
    static bool remove(const std::vector<found>& all) noexcept {
        bool any = false;
        for (const auto& each : all) {
            any = ::unlink(each.path.c_str()) == 0 || any;
            PARLEY_CRASH_POINT("many segments: a body removed, others not");
        }
        return any;
    }

    /// Removes all of the pools that were at that path, where there is none now. Whether any went. For whatever pool
    /// was meant to be there: a program of another composition may clear up too.
    static bool clear(const std::string& path) {
        const auto all = of(path);
        struct ::stat named {};
        return !all.empty() && ::lstat(path.c_str(), &named) != 0 && remove(all);
    }

    /// Calls `visit` with what follows `parley-blocks.` in the name of each pool that is gone while files of its
    /// remain.
    template <class Visit>
    static void for_each_remaining(Visit visit) {
        std::set<std::string> pools;
        os::for_each_entry(backing::folder.data(), [&](std::string_view file) {
            if (!file.starts_with(of_bodies)) {
                return;
            }
            auto pool = file.substr(of_bodies.size());
            for (std::size_t number = 0; number < numbers_in_name; ++number) {
                const auto end = pool.rfind('.');
                pool = pool.substr(0, end == std::string_view::npos ? 0 : end);
            }
            if (!pool.empty() && mark_in(file.substr(of_bodies.size() + pool.size() + 1))) {
                pools.emplace(pool);
            }
        });
        for (const auto& each : pools) {
            struct ::stat named {};
            const auto path = std::string(backing::folder) + '/' + std::string(backing::beginning) + each;
            if (::lstat(path.c_str(), &named) != 0) {
                visit(std::string_view(each));
            }
        }
    }

private:
    static constexpr std::string_view of_bodies = "parley-block.";
    static constexpr std::size_t numbers_in_name = 4;

    [[nodiscard]] static std::string beginning_for(std::string_view pool) {
        const auto name = pool.rfind('/') + 1;
        std::string result(pool.substr(0, name));
        result += of_bodies;
        result += pool.substr(name + backing::beginning.size());
        result += '.';
        return result;
    }

    static void append(std::string& to, std::uint32_t number, std::size_t digits) {
        std::array<char, 8> text;
        const auto size = static_cast<std::size_t>(
            std::to_chars(text.data(), text.data() + text.size(), number, 16).ptr - text.data());
        to.append(digits - (size < digits ? size : digits), '0').append(text.data(), size);
    }

    /// Of MARK.CLASS.INDEX.TOKEN and nothing else.
    [[nodiscard]] static std::optional<std::uint32_t> mark_in(std::string_view rest) noexcept {
        std::array<std::uint32_t, numbers_in_name> numbers{};
        const auto* at = rest.data();
        const auto* const end = at + rest.size();
        for (std::size_t each = 0; each < numbers.size(); ++each) {
            if (each != 0 && (at == end || *at++ != '.')) {
                return std::nullopt;
            }
            const auto read = std::from_chars(at, end, numbers[each], 16);
            if (read.ec != std::errc{}) {
                return std::nullopt;
            }
            at = read.ptr;
        }
        return at == end ? std::optional(numbers.front()) : std::nullopt;
    }
};

/// Pools whose blocks are files of their own: these go with the pool's.
class backing_with_bodies : public backing {
public:
    [[nodiscard]] static std::string locate(std::string_view name) {
        constexpr std::size_t longest = 216;  // of a file name's 255, without the beginning and the four numbers
        auto path = backing::locate(name);
        if (path.size() - backing::locate({}).size() > longest) {
            throw_error(errc::invalid_name, "the name '" + std::string(name.substr(0, longest)) +
                                                "' is too long for a channel whose messages stay in segments of their "
                                                "own: at most " +
                                                std::to_string(longest) + " bytes, and three for each '/'");
        }
        return path;
    }

    /// At the gate, of a pool that is closed or has lost its owner. False where the kernel will not let its name go;
    /// throws where the files cannot be listed, for want of a lock, of memory or of a descriptor. Then its name stays,
    /// for the next one.
    static bool destroy(int file, const std::string& path) {
        const os::byte_guard alone(file, segment::locks::growth);  // until the name is gone
        const auto all = body_files::of(path);
        if (is_named(file, path)) {
            body_files::remove(all);
        }
        return backing::destroy(file, path);
    }

    /// As of other pools; and those of which nothing but bodies is left.
    template <class Visit>
    static void for_each(Visit visit) {
        backing::for_each(visit);
        body_files::for_each_remaining([&](std::string_view file) { visit(decoded(file)); });
    }
};

}  // namespace parley::pool
