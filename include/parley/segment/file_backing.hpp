#pragma once

#include <cerrno>
#include <cstdlib>
#include <string>
#include <string_view>

#include <fcntl.h>
#include <linux/magic.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <parley/os/crash_point.hpp>
#include <parley/os/descriptor.hpp>
#include <parley/os/error.hpp>
#include <parley/os/file_size.hpp>
#include <parley/segment/extent.hpp>

/// Segments that are files: in /dev/shm, anywhere in the file system, or without a name.
///
/// A segment is complete before it has a name: a nameless file (O_TMPFILE, open(2)) on the same file system, reserved
/// with fallocate so that no later store can end in SIGBUS, header and body built, and only then linked to its name in
/// one step (linkat(2)). Whoever loses that race opens the winner's. A creator that is killed midway leaves nothing:
/// the kernel frees a nameless file with its last descriptor.

namespace parley::segment {

class file_backing {
public:
    /// Opens the file at `path`; an empty descriptor when there is none.
    [[nodiscard]] static os::descriptor open(const std::string& path) {
        os::descriptor file{os::uninterrupted([&] { return ::open(path.c_str(), O_RDWR | O_CLOEXEC | O_NOFOLLOW); })};
        if (!file && errno != ENOENT) {
            os::throw_system(errno, "opening " + path, hint(errno));
        }
        return file;
    }

    /// A second open file description of the same file, with locks of its own. Never waits: a file on which somebody
    /// has a lease (fcntl(2)) is refused.
    [[nodiscard]] static os::descriptor reopen(int file) {
        const auto path = "/proc/self/fd/" + std::to_string(file);
        os::descriptor again{os::uninterrupted([&] { return ::open(path.c_str(), O_RDWR | O_CLOEXEC | O_NONBLOCK); })};
        if (!again) {
            os::throw_system(errno, "opening " + path + " again", "is /proc mounted?");
        }
        return again;
    }

    /// Builds a file of `size` bytes with `build(descriptor)` and gives it the name `path`. An empty descriptor when
    /// the name was taken in the meantime.
    template <class Build>
    [[nodiscard]] static os::descriptor create(const std::string& path, ::mode_t permissions, std::size_t size,
                                               Build build) {
        std::string temporary;
        auto file = nameless(path, temporary);
        struct cleanup {  // only where the file system knows no nameless files
            const std::string& name;
            ~cleanup() {
                if (!name.empty()) {
                    ::unlink(name.c_str());
                }
            }
        } guard{temporary};
        if (::fchmod(file.get(), permissions) != 0) {  // what was asked for, whatever the umask
            os::throw_system(errno, "setting the permissions of " + path);
        }
        reserve(file.get(), extent{0, 0, size}, permissions, path);
        PARLEY_CRASH_POINT("segment: reserved, not built");
        build(file.get());
        PARLEY_CRASH_POINT("segment: built, not named");
        const auto source = temporary.empty() ? "/proc/self/fd/" + std::to_string(file.get()) : temporary;
        if (::linkat(AT_FDCWD, source.c_str(), AT_FDCWD, path.c_str(), AT_SYMLINK_FOLLOW) != 0) {
            if (errno == EEXIST) {
                return {};
            }
            os::throw_system(errno, "naming " + path, hint(errno));
        }
        PARLEY_CRASH_POINT("segment: named");
        return file;
    }

    /// A file without a name that lives as long as a descriptor or a mapping of it (memfd_create(2)). Whoever gets it
    /// can make it longer, but never shorter.
    template <class Build>
    [[nodiscard]] static os::descriptor create_anonymous(std::size_t size, Build build) {
        os::descriptor file{::memfd_create("parley", MFD_CLOEXEC | MFD_ALLOW_SEALING)};
        if (!file) {
            os::throw_system(errno, "creating an anonymous segment");
        }
        reserve(file.get(), extent{0, 0, size}, 0600, "an anonymous segment");
        build(file.get());
        if (::fcntl(file.get(), F_ADD_SEALS, F_SEAL_SHRINK) != 0) {
            os::throw_system(errno, "sealing an anonymous segment");
        }
        return file;
    }

    /// Whether nobody can make the file shorter: only then may what a stranger has handed over be mapped, or an access
    /// could be SIGBUS at any time.
    [[nodiscard]] static bool keeps_its_length(int file) noexcept {
        const int seals = ::fcntl(file, F_GET_SEALS);
        struct ::statfs status {};
        // And has ordinary pages: huge ones that are reserved may be gone at the first access.
        return seals >= 0 && (seals & F_SEAL_SHRINK) != 0 && ::fstatfs(file, &status) == 0 &&
               status.f_type == TMPFS_MAGIC;
    }

    /// Whether the object is whole: a file always is, it had no name before.
    [[nodiscard]] static bool complete(int) noexcept { return true; }

    [[nodiscard]] static std::size_t size(int file) {
        struct ::stat status {};
        if (::fstat(file, &status) != 0) {
            os::throw_system(errno, "asking for the size of a segment");
        }
        return static_cast<std::size_t>(status.st_size);
    }

    /// Whether all of an extent lies within the file: a mapping beyond its end would be SIGBUS.
    [[nodiscard]] static bool holds(int file, const extent& part) { return size(file) >= part.offset + part.size; }

    /// Reserves room for an extent; `errc::no_space` now instead of SIGBUS later.
    static void reserve(int file, const extent& part, ::mode_t, const std::string& what) {
        if (const auto end = part.offset + part.size; end > size(file)) {
            os::check_file_size(end, "reserving " + std::to_string(part.size) + " bytes for " + what);
        }
        const int result = ::posix_fallocate(file, static_cast<::off_t>(part.offset), static_cast<::off_t>(part.size));
        if (result == EINTR) {
            return reserve(file, part, 0, what);
        }
        if (result != 0) {
            os::throw_system(result, "reserving " + std::to_string(part.size) + " bytes for " + what, hint(result));
        }
    }

    [[nodiscard]] static region map(int file, const extent& part) {
        return map_region(mappable::file(file), part.offset, part.size);
    }

    /// Gives the memory of a drained extent back. The file keeps its length, so no access ever ends in SIGBUS.
    static void discard(int file, const extent& part) noexcept {
        ::fallocate(file, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, static_cast<::off_t>(part.offset),
                    static_cast<::off_t>(part.size));
    }

    /// Takes the name away if it still names this file. False if it does and the kernel will not.
    static bool destroy(int file, const std::string& path) noexcept {
        return !is_named(file, path) || ::unlink(path.c_str()) == 0;
    }

    /// Whether that is the path of this file.
    [[nodiscard]] static bool is_named(int file, const std::string& path) noexcept {
        struct ::stat ours {};
        struct ::stat named {};
        return ::fstat(file, &ours) == 0 && ::lstat(path.c_str(), &named) == 0 && ours.st_ino == named.st_ino &&
               ours.st_dev == named.st_dev;
    }

private:
    [[nodiscard]] static os::descriptor nameless(const std::string& path, std::string& temporary) {
        const auto slash = path.rfind('/');
        const auto directory = slash == std::string::npos ? std::string{"."} : path.substr(0, slash + 1);
        os::descriptor file{os::uninterrupted(
            [&] { return ::open(directory.c_str(), O_TMPFILE | O_RDWR | O_CLOEXEC, S_IRUSR | S_IWUSR); })};
        if (file) {
            return file;
        }
        if (errno != EOPNOTSUPP && errno != EISDIR && errno != EINVAL) {
            os::throw_system(errno, "creating a segment in " + directory, hint(errno));
        }
        temporary = path + ".XXXXXX";
        file = os::descriptor{::mkostemp(temporary.data(), O_CLOEXEC)};
        if (!file) {
            const int reason = errno;
            temporary.clear();
            os::throw_system(reason, "creating a segment in " + directory, hint(reason));
        }
        return file;
    }

    [[nodiscard]] static std::string_view hint(int error_number) noexcept {
        switch (error_number) {
            case ENOSPC:
                return "free some room there, make it larger, or ask for a smaller buffer";
            case EACCES:
            case EPERM:
                return "it belongs to another user, or its permissions (options::permissions) are narrower";
            case ENOENT:
                return "the directory must exist";
            case ELOOP:
                return "a symbolic link is not followed";
            case EMFILE:
                return "raise the limit of open files (ulimit -n)";
            default:
                return {};
        }
    }
};

/// Segments in /dev/shm, the tmpfs on which POSIX shared memory lives (shm_overview(7)): channel `orders` is the object
/// `/parley.orders`, the file /dev/shm/parley.orders.
class posix_backing : public file_backing {
public:
    [[nodiscard]] static std::string locate(std::string_view name) { return "/dev/shm/parley." + checked(name); }

    /// Throws unless `name` can be a part of a file name.
    [[nodiscard]] static std::string checked(std::string_view name) {
        constexpr std::size_t longest = 200;  // leaves room for the prefixes and suffixes of the library in NAME_MAX
        if (name.empty() || name.size() > longest || name.find('/') != std::string_view::npos ||
            name.find('\0') != std::string_view::npos) {
            throw_error(errc::invalid_name, "the name '" + std::string(name.substr(0, longest)) +
                                                "' cannot be used: a name has 1 to 200 bytes and no '/'");
        }
        return std::string(name);
    }
};

/// Segments that are ordinary files: the channel's name is the file's path.
class path_backing : public file_backing {
public:
    [[nodiscard]] static std::string locate(std::string_view name) {
        if (name.empty() || name.back() == '/' || name.find('\0') != std::string_view::npos) {
            throw_error(errc::invalid_name,
                        "the name of a mapped_file channel is the path of a file, '" + std::string(name) + "' is none");
        }
        return std::string(name);
    }
};

}  // namespace parley::segment
