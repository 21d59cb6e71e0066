#pragma once

#include <array>
#include <cerrno>
#include <charconv>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <parley/os/descriptor.hpp>
#include <parley/os/error.hpp>
#include <parley/os/file_lock.hpp>
#include <parley/segment/segment.hpp>
#include <parley/transport/socket/address.hpp>

/// Who owns an address.
///
/// Beside the socket `orders.sock` lies `orders.sock.lock`. Its live owner holds a lock on it, and in it stands what
/// the owner's channel is. The kernel drops the lock however the owner ends, so whoever finds the file unlocked takes
/// over: unlinks the socket that the dead left behind, and binds anew. Of an abstract or an internet address the kernel
/// itself knows whether it has an owner.

namespace parley::transport::socket {

/// What an owner says about its channel, and what a sender compares.
struct identity {
    std::uint64_t fingerprint = 0;
    std::string_view description;
};

[[noreturn]] inline void throw_incompatible(const std::string& where, std::string there, std::string_view asked) {
    for (char& each : there) {
        each = each < ' ' || each > '~' ? '?' : each;
    }
    throw_error(errc::incompatible,
                where + " holds another channel:\n  there:  " + there + "\n  asked:  " + std::string(asked) +
                    "\nuse the same message and policies, and the same layout version of parley, on every side");
}

[[noreturn]] inline void throw_taken(const std::string& where, segment::opening mode) {
    if (mode == segment::opening::create_only) {
        throw_error(errc::already_exists, where + " has a live owner already");
    }
    throw_error(errc::in_use, where +
                                  " has a live owner, and there is one at a time; choose another name, or wait until "
                                  "it has ended");
}

/// Which file a name leads to at the moment.
struct file_identity {
    ::dev_t device = 0;
    ::ino_t number = 0;
    bool operator==(const file_identity&) const = default;

    /// All zero if there is no such file.
    [[nodiscard]] static file_identity at(const std::string& path) noexcept {
        struct ::stat status {};
        return ::lstat(path.c_str(), &status) == 0 ? file_identity{status.st_dev, status.st_ino} : file_identity{};
    }
    [[nodiscard]] static file_identity of(int file) noexcept {
        struct ::stat status {};
        return ::fstat(file, &status) == 0 ? file_identity{status.st_dev, status.st_ino} : file_identity{};
    }
};

namespace claim_detail {

[[nodiscard]] inline std::string lock_of(const std::string& path) { return path + ".lock"; }

/// Whether somebody answers at this address, or may: only of the dead it is known that they do not. A connection that
/// is tried is given up at once.
[[nodiscard]] inline bool answers(const address& at, int type) noexcept {
    const os::descriptor probe{::socket(at.family(), type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0)};
    return !probe || ::connect(probe.get(), at.get(), at.length) == 0 || (errno != ECONNREFUSED && errno != ENOENT);
}

[[nodiscard]] inline std::string read_all(int file) {
    std::array<char, 8192> text{};
    const auto size = os::uninterrupted([&] { return ::pread(file, text.data(), text.size(), 0); });
    return {text.data(), size > 0 ? static_cast<std::size_t>(size) : 0};
}

[[nodiscard]] inline std::string in_digits(std::uint64_t fingerprint) {
    std::array<char, 16> digits{};
    const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), fingerprint, 16).ptr;
    return std::string(digits.data(), end);
}

[[nodiscard]] inline std::string to_text(const identity& of) {
    return in_digits(of.fingerprint) + "\n" + std::string(of.description) + "\n";
}

}  // namespace claim_detail

/// Throws `errc::incompatible` if the channel at a path says that it is another. A path without a lock file says
/// nothing: a program that does not know parley listens there.
inline void compare(const address& at, const identity& asked) {
    using namespace claim_detail;
    const os::descriptor file{::open(lock_of(at.path).c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW)};
    if (!file) {
        return;
    }
    const auto found = read_all(file.get());
    const auto line = found.find('\n');
    if (line == std::string::npos || found.substr(0, line) == in_digits(asked.fingerprint)) {
        return;
    }
    throw_incompatible(at.path, found.substr(line + 1, found.size() - line - 2), asked.description);
}

/// The hold of an owner on its address. Bound for as long as it lives.
class claim {
public:
    claim() noexcept = default;
    claim(claim&&) noexcept = default;
    claim& operator=(claim&&) noexcept = default;
    claim(const claim&) = delete;
    claim& operator=(const claim&) = delete;
    ~claim() = default;

    /// Binds `socket` of `type`. Throws `errc::in_use` or `errc::already_exists` where a live owner is, and
    /// `errc::not_found` for `open_only`: what belongs to its owner is there only if the owner is.
    [[nodiscard]] static claim take(int socket, int type, const address& at, const segment::attachment_request& request,
                                    const identity& own) {
        claim result;
        result.address_ = at;
        if (at.has_path()) {
            result.take_path(socket, type, request, own);
        } else {
            if (::bind(socket, at.get(), at.length) != 0) {
                if (errno == EADDRINUSE) {
                    throw_taken(at.where(), request.mode);
                }
                os::throw_system(errno, "binding a socket to " + at.where());
            }
            refuse_open_only(at, request.mode);
        }
        return result;
    }

    /// Whether the address still leads here: nobody has removed it.
    [[nodiscard]] bool holds() const noexcept {
        return !address_.has_path() || file_identity::at(address_.path) == socket_file_;
    }

    [[nodiscard]] const address& where() const noexcept { return address_; }

    /// Gives the address back. Leaves alone what another owner has made there since.
    void release() noexcept {
        if (lock_) {
            if (file_identity::at(address_.path) == socket_file_) {
                ::unlink(address_.path.c_str());
            }
            const auto lock_path = claim_detail::lock_of(address_.path);
            if (file_identity::at(lock_path) == file_identity::of(lock_.get())) {
                ::unlink(lock_path.c_str());
            }
            os::unlock_byte(lock_.get(), 0);  // a child forked meanwhile has the descriptor too, and with it the lock
            lock_.reset();
        }
    }

    /// Takes the address away from whoever owns it, who will notice. Whether there was something. Throws
    /// `errc::corrupt` if it is no socket.
    static bool remove(const address& at) {
        if (!at.has_path()) {
            return false;
        }
        struct ::stat status {};
        if (::lstat(at.path.c_str(), &status) != 0) {
            ::unlink(claim_detail::lock_of(at.path).c_str());
            return false;
        }
        if (!S_ISSOCK(status.st_mode)) {
            throw_error(errc::corrupt, at.path + " is no socket, so no channel; it is left alone");
        }
        ::unlink(claim_detail::lock_of(at.path).c_str());
        return ::unlink(at.path.c_str()) == 0;
    }

private:
    static void refuse_open_only(const address& at, segment::opening mode) {
        if (mode == segment::opening::open_only) {
            throw_error(errc::not_found, at.where() + " has no live owner; create it");
        }
    }

    void take_path(int socket, int type, const segment::attachment_request& request, const identity& own) {
        lock_path(request);
        try {
            refuse_open_only(address_, request.mode);
            bind_path(socket, type, request, own);
        } catch (...) {
            ::unlink(claim_detail::lock_of(address_.path).c_str());
            throw;
        }
    }

    /// Opens or makes the lock file and locks it.
    void lock_path(const segment::attachment_request& request) {
        const auto path = claim_detail::lock_of(address_.path);
        for (;;) {
            lock_ = os::descriptor{
                ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, request.permissions & 0600)};
            if (!lock_) {
                os::throw_system(errno, "opening " + path, "choose a directory where this user may write");
            }
            if (!os::try_lock_byte(lock_.get(), 0)) {
                throw_taken(address_.path, request.mode);
            }
            if (file_identity::at(path) == file_identity::of(lock_.get())) {
                return;
            }  // else its owner took it away in this moment
        }
    }

    /// At the lock: nobody else binds here.
    void bind_path(int socket, int type, const segment::attachment_request& request, const identity& own) {
        const auto& path = address_.path;
        struct ::stat status {};
        if (::lstat(path.c_str(), &status) == 0) {
            if (!S_ISSOCK(status.st_mode)) {
                throw_error(errc::already_exists, path + " is there and no socket; remove it or choose another name");
            }
            if (claim_detail::answers(address_, type)) {  // a program that does not know parley
                throw_taken(path, request.mode);
            }
            ::unlink(path.c_str());
        }
        const auto text = claim_detail::to_text(own);
        if (::fchmod(lock_.get(), request.permissions) != 0 || ::ftruncate(lock_.get(), 0) != 0 ||
            ::pwrite(lock_.get(), text.data(), text.size(), 0) != static_cast<::ssize_t>(text.size())) {
            os::throw_system(errno, "writing " + claim_detail::lock_of(path));
        }
        // Bound with what was asked less the umask, then widened to what was asked: never wider.
        if (::fchmod(socket, request.permissions) != 0 || ::bind(socket, address_.get(), address_.length) != 0 ||
            ::chmod(path.c_str(), request.permissions) != 0) {
            os::throw_system(errno, "binding a socket to " + path);
        }
        socket_file_ = file_identity::at(path);
    }

    address address_;
    os::descriptor lock_;
    file_identity socket_file_;
};

}  // namespace parley::transport::socket
