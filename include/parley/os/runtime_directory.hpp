#pragma once

#include <cerrno>
#include <cstdlib>
#include <string>

#include <sys/stat.h>
#include <unistd.h>

#include <parley/os/error.hpp>

namespace parley::os {

/// The directory in which objects with a path lie, those of one user: `parley` in $XDG_RUNTIME_DIR (XDG Base Directory
/// Specification), or /tmp/parley-UID where that is not set. Made with permissions 0700 if need be. Throws
/// `errc::permission_denied` if it is not this user's own, or others may enter it: somebody was here before.
[[nodiscard]] inline std::string runtime_directory() {
    const char* given = std::getenv("XDG_RUNTIME_DIR");
    auto path = given != nullptr && *given == '/' ? std::string(given) + "/parley"
                                                  : "/tmp/parley-" + std::to_string(::geteuid());
    if (::mkdir(path.c_str(), S_IRWXU) == 0) {
        ::chmod(path.c_str(), S_IRWXU);  // whatever the umask
    } else if (errno != EEXIST) {
        throw_system(errno, "making " + path, "set XDG_RUNTIME_DIR to a directory of yours");
    }
    struct ::stat status {};
    if (::lstat(path.c_str(), &status) != 0) {
        throw_system(errno, "looking at " + path);
    }
    if (!S_ISDIR(status.st_mode) || status.st_uid != ::geteuid() || (status.st_mode & (S_IRWXG | S_IRWXO)) != 0) {
        throw_error(errc::permission_denied,
                    path +
                        " must be a directory of this user that nobody else may enter (mode 0700); remove it, or set "
                        "XDG_RUNTIME_DIR to a directory of yours");
    }
    return path;
}

}  // namespace parley::os
