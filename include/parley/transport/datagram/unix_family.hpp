#pragma once

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include <fcntl.h>
#include <linux/sockios.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include <parley/os/bundle.hpp>
#include <parley/os/descriptor.hpp>
#include <parley/os/error.hpp>
#include <parley/os/file_lock.hpp>
#include <parley/os/limit_text.hpp>
#include <parley/os/text_file.hpp>
#include <parley/segment/segment.hpp>
#include <parley/transport/datagram/fate.hpp>
#include <parley/transport/datagram/room.hpp>
#include <parley/transport/socket/address.hpp>
#include <parley/transport/socket/claim.hpp>

/// Datagrams on one machine (unix(7)). Nothing is lost: whoever finds the receiver's queue full waits.

namespace parley::transport::datagram {

struct unix_family {
    using address = socket::address;
    static constexpr bool lossless = true;
    static constexpr std::string_view limit_of_size = "net.core.wmem_default";
    static constexpr const char* limit_of_queue = "/proc/sys/net/unix/max_dgram_qlen";

    [[nodiscard]] static address parse(std::string_view name) { return socket::local_address(name); }
    static bool remove(std::string_view name) { return socket::claim::remove(parse(name)); }

    /// Whether a receiver is at that address.
    [[nodiscard]] static bool answers(const address& at) noexcept {
        return socket::claim_detail::answers(at, SOCK_DGRAM);
    }

    [[nodiscard]] static os::descriptor make_socket() {
        os::descriptor made{::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0)};
        if (!made) {
            os::throw_system(errno, "making a datagram socket");
        }
        return made;
    }

    /// Whether nothing that was sent through this socket lies unread in another's queue. The queue of a socket that is
    /// gone is empty.
    [[nodiscard]] static bool everything_read(int socket) noexcept {
        int unread = 0;
        return ::ioctl(socket, SIOCOUTQ, &unread) != 0 || unread == 0;
    }

    /// The two ends of a channel without a name. The second one receives. The sender, which has an address, tells it
    /// with a first datagram.
    [[nodiscard]] static std::pair<os::descriptor, os::descriptor> make_pair(std::size_t count, std::size_t size) {
        auto result = make_way(count, size, 1 + word_and_goodbye);
        if (::send(result.first.get(), "", 0, MSG_NOSIGNAL) != 0) {
            os::throw_system(errno, "making a pair of sockets");
        }
        return result;
    }

    /// The two sides of a link without a name, each a bundle (os/bundle.hpp): the socket into which its messages come,
    /// and the one through which it sends, and to which the answers come.
    [[nodiscard]] static std::pair<os::descriptor, os::descriptor> make_link(std::size_t count, std::size_t size) {
        const auto [to_second, second] = make_way(count, size, word_and_goodbye);
        const auto [to_first, first] = make_way(count, size, word_and_goodbye);
        return {os::make_bundle(std::array{first.get(), to_second.get()}),
                os::make_bundle(std::array{second.get(), to_first.get()})};
    }

    /// The two sockets of one side: where its messages come, and through which it sends. Throws `errc::corrupt` if the
    /// descriptor is something else.
    [[nodiscard]] static std::pair<os::descriptor, os::descriptor> open_side(int bundle) {
        auto content = os::open_bundle(bundle);
        if (content.size() != 2) {
            throw_error(errc::corrupt, "a descriptor that was handed over holds " + std::to_string(content.size()) +
                                           " others, and one side of a link over datagrams holds 2; hand over what "
                                           "descriptor() gave of a side of the same channel");
        }
        return {std::move(content[0]), std::move(content[1])};
    }

    [[nodiscard]] static os::descriptor duplicate(int descriptor) {
        os::descriptor copy{::fcntl(descriptor, F_DUPFD_CLOEXEC, 0)};
        if (!copy) {
            os::throw_system(errno, "duplicating a descriptor", "raise the limit of open files (ulimit -n)");
        }
        return copy;
    }

    /// The kernel counts the messages in a receiver's queue, of all senders together. So many greetings lie there, too.
    static void check_queue(std::size_t count, const std::string& where, std::size_t greetings = 0) {
        const auto allowed =
            static_cast<std::size_t>(std::strtoull(os::text_of_file(limit_of_queue).c_str(), nullptr, 10));
        if (allowed != 0 && count + greetings > allowed + 1) {
            throw_error(errc::no_space, where + ": bounded<" + std::to_string(count) + "> asked, " +
                                            os::limit(limit_of_queue) +
                                            ", one less than a queue holds (sysctl net.unix.max_dgram_qlen=" +
                                            std::to_string(count + greetings - 1) + ", or bounded<" +
                                            std::to_string(allowed + 1 - std::min(allowed, greetings)) + ">)");
        }
    }

    static constexpr std::size_t most_room = std::size_t{1} << 23;

    /// An abstract address that the kernel picks, to which answers come.
    static void bind_anywhere(int socket) {
        const ::sa_family_t family = AF_UNIX;
        ::sockaddr_un unnamed{};
        unnamed.sun_family = family;
        if (::bind(socket, reinterpret_cast<const ::sockaddr*>(&unnamed), sizeof family) != 0) {
            os::throw_system(errno, "binding a sender's socket");
        }
    }

    class place;
    class way;

private:
    /// What a sender of a pair says lies in the queue too: that it has come, and that it goes.
    static constexpr std::size_t word_and_goodbye = 2;

    /// One way without a name: a sender, and a receiver that is connected to nobody, as those with a name are. From a
    /// socket that is connected, and sends to a peer that has gone, the kernel takes away what the peer had sent
    /// (unix(7) is silent about it); so the sender's has nothing but answers in it. `besides`: datagrams that may lie
    /// beside the messages.
    [[nodiscard]] static std::pair<os::descriptor, os::descriptor> make_way(std::size_t count, std::size_t size,
                                                                            std::size_t besides) {
        std::array<int, 2> ends{};
        if (::socketpair(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, ends.data()) != 0) {
            os::throw_system(errno, "making a pair of sockets", "raise the limit of open files (ulimit -n)");
        }
        std::pair<os::descriptor, os::descriptor> result{os::descriptor{ends[0]}, os::descriptor{ends[1]}};
        const auto [sender, receiver] = ends;
        if (count != 0) {
            check_queue(count, "a pair of sockets", besides);
            make_room(sender, SO_SNDBUF, count, size, "a pair of sockets", "wmem_max");
            static_cast<void>(socket::enlarge(receiver, SO_SNDBUF, most_room));  // for the answers
        } else {
            static_cast<void>(socket::enlarge(sender, SO_SNDBUF, size + 1024));
        }
        bind_anywhere(sender);
        ::sockaddr nobody{};
        nobody.sa_family = AF_UNSPEC;
        int ignored = 0;  // the sender is told that its peer has left it
        ::socklen_t length = sizeof ignored;
        if (::connect(receiver, &nobody, sizeof nobody) != 0 ||
            ::getsockopt(sender, SOL_SOCKET, SO_ERROR, &ignored, &length) != 0) {
            os::throw_system(errno, "making a pair of sockets");
        }
        return result;
    }
};

/// A receiver's socket, bound to its name.
class unix_family::place {
public:
    [[nodiscard]] static place open(const address& at, const segment::attachment_request& request,
                                    const socket::identity& own, std::size_t count, std::size_t, bool) {
        place result;
        if (count != 0) {
            check_queue(count, at.where());
        }
        result.socket_ = make_socket();
        // Credits that a sender has not read count here: as much room as there is.
        static_cast<void>(socket::enlarge(result.socket_.get(), SO_SNDBUF, most_room));
        result.claim_ = socket::claim::take(result.socket_.get(), SOCK_DGRAM, at, request, own);
        return result;
    }

    /// One socket of a pair.
    [[nodiscard]] static place of_pair(os::descriptor&& socket) {
        place result;
        result.socket_ = std::move(socket);
        result.pair_ = "one end of a pair";
        return result;
    }

    [[nodiscard]] int descriptor() const noexcept { return socket_.get(); }
    [[nodiscard]] const std::string& text() const noexcept { return is_pair() ? pair_ : claim_.where().where(); }
    [[nodiscard]] bool is_pair() const noexcept { return !pair_.empty(); }
    [[nodiscard]] bool removed() const noexcept { return !is_pair() && !claim_.holds(); }
    [[nodiscard]] bool may_ask() const noexcept { return everything_read(socket_.get()); }
    /// Senders get EPIPE from now on. Whether that was possible.
    [[nodiscard]] bool shut() const noexcept { return ::shutdown(socket_.get(), SHUT_RD) == 0; }
    void leave() noexcept { claim_.release(); }

private:
    os::descriptor socket_;
    socket::claim claim_;
    std::string pair_;
};

/// A sender's socket, connected to its receiver's.
class unix_family::way {
public:
    /// None if nobody is there. Throws `errc::incompatible` where the owner says that it is another channel.
    [[nodiscard]] static std::optional<way> open(const address& to, const socket::identity& own, std::size_t count,
                                                 std::size_t size, bool answers) {
        way result;
        result.socket_ = make_socket();
        const int file = result.socket_.get();
        if (answers) {
            bind_anywhere(file);
        }
        if (count != 0) {
            make_room(file, SO_SNDBUF, count, size, to.where(), "wmem_max");
        } else {
            static_cast<void>(socket::enlarge(file, SO_SNDBUF, size + 1024));
        }
        if (::connect(file, to.get(), to.length) != 0) {
            if (errno == ECONNREFUSED || errno == ENOENT) {
                return std::nullopt;
            }
            os::throw_system(errno, "sending to " + to.where(),
                             errno == EPROTOTYPE ? "its socket is of another type" : "ask its owner for permission");
        }
        if (to.has_path()) {  // not before: an owner that is just coming has no socket yet
            result.path_ = to.path;
            result.lock_ = os::descriptor{::open((to.path + ".lock").c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW)};
            result.socket_file_ = socket::file_identity::at(to.path);
            socket::compare(to, own);
        }
        return result;
    }

    /// One socket of a pair.
    [[nodiscard]] static way of_pair(os::descriptor&& socket) {
        way result;
        result.socket_ = std::move(socket);
        return result;
    }

    [[nodiscard]] int descriptor() const noexcept { return socket_.get(); }

    [[nodiscard]] fate look() const noexcept {
        if (!lock_) {
            return fate::unknown;  // a question to it will tell
        }
        struct ::stat status {};
        if (os::byte_is_locked_by_other(lock_.get(), 0)) {
            return socket::file_identity::at(path_) == socket_file_ ? fate::alive : fate::left;
        }
        // Whoever leaves in good order takes the file away before it opens the lock.
        return ::fstat(lock_.get(), &status) == 0 && status.st_nlink == 0 ? fate::left : fate::died;
    }

    /// Questions take room in the receiver's queue. While something from here still lies in it, its socket lives and
    /// has not read what a question would be about.
    [[nodiscard]] bool may_ask() const noexcept { return everything_read(socket_.get()); }

private:
    os::descriptor socket_;
    os::descriptor lock_;
    std::string path_;
    socket::file_identity socket_file_;
};

}  // namespace parley::transport::datagram
