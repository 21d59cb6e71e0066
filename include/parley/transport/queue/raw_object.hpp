#pragma once

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <ctime>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include <sys/stat.h>

#include <parley/os/clock.hpp>
#include <parley/os/error.hpp>
#include <parley/os/file_lock.hpp>
#include <parley/segment/segment.hpp>

/// The contract of a raw object: an object of the kernel that parley shares with programs that do not know parley.
/// There are no books beside it: what is known of the others is what the kernel tells of the object itself.
///
/// A raw object `Object` has
/// - `open(request)`: finds or makes it. `remove(name)`: whether there was one;
/// - `keeps_units`: whether what one put in is what one gets; else it is a stream of bytes;
/// - `counts_bytes`: whether its bound is exact only if all messages have one size;
/// - `pollable`, `handle()`, `readable()`, `writable()`: as of a queue object (transport/queue/object.hpp), but
/// `handle`
///   is -1 also where there is nothing to poll yet;
/// - `largest()`: the room that `get` needs, unless it `takes_less_room`: then what is larger than the room is cut off,
///   and `get` says the size that it had, `largest()` at most. `put` and `get` never wait;
/// - `state()`: whether anything will pass any more, which costs a system call or two;
/// - `somebody_receives()`: whether what a sender still holds is worth waiting with. True where nobody can know;
/// - `leave()`: takes the object away if it belongs to this end.

namespace parley::transport::queue {

/// What becomes of an attempt to put something in.
enum class attempt { accepted, refused, over };

/// What the kernel tells of the others.
enum class raw_state {
    open,        ///< messages may pass
    removed,     ///< the name is gone: its owner has left, or somebody has taken it away
    owner_died,  ///< its owner was killed, and was seen alive before
    abandoned,   ///< no process has it open to receive any more
};

struct raw_request {
    const segment::attachment_request& asked;
    bool sends = false;
    bool owned = false;      ///< a port: its receiver's
    bool has_owner = false;  ///< it goes with this process, if this process makes it
    std::size_t unit = 0;    ///< bytes of the largest message
    std::size_t units = 0;   ///< how many it is to hold; 0: as the kernel says
    std::string_view composed;

    [[nodiscard]] std::string name() const { return std::string(asked.name); }
    /// Whether this end may become the owner.
    [[nodiscard]] bool may_own() const noexcept {
        return has_owner && asked.mode != segment::opening::open_only && !(owned && sends);
    }
    [[nodiscard]] bool must_own() const noexcept { return owned && !sends; }
};

template <class Object>
concept raw_object = requires(Object& object, const raw_request& request, std::string_view name,
                              std::span<const std::byte> content, std::span<std::byte> room) {
    { Object::keeps_units } -> std::convertible_to<bool>;
    { Object::counts_bytes } -> std::convertible_to<bool>;
    { Object::pollable } -> std::convertible_to<bool>;
    { Object::takes_less_room } -> std::convertible_to<bool>;
    { Object::open(request) } -> std::same_as<Object>;
    { Object::remove(name) } -> std::same_as<bool>;
    { object.put(content) } -> std::same_as<attempt>;
    { object.get(room) } -> std::same_as<std::optional<std::size_t>>;
    { object.largest() } -> std::same_as<std::size_t>;
    { object.handle() } -> std::same_as<int>;
    { object.readable() } -> std::same_as<bool>;
    { object.writable() } -> std::same_as<bool>;
    { object.state() } -> std::same_as<raw_state>;
    { object.somebody_receives() } -> std::same_as<bool>;
    { object.leave() }
    noexcept;
};

/// Finds an object with `find()` or makes it with `make()`, as the request says. Either gives none when there is none,
/// or somebody else was faster.
template <class Find, class Make>
auto find_or_make(const segment::attachment_request& asked, const std::string& where, Find find, Make make) {
    for (;;) {
        if (asked.mode != segment::opening::create_only) {
            if (auto found = find()) {
                return std::move(*found);
            }
        }
        if (asked.mode != segment::opening::open_only) {
            if (auto made = make()) {
                return std::move(*made);
            }
            if (asked.mode == segment::opening::create_only) {
                throw_error(errc::already_exists, "creating " + where + ": it exists; open it, or remove it first");
            }
            continue;
        }
        if (asked.give_up.passed()) {
            throw_error(errc::not_found, "opening " + where + ": there is none; start the process that creates it " +
                                             "first, or let options::open_within wait for it");
        }
        constexpr ::timespec pause{0, 1'000'000};
        ::nanosleep(&pause, nullptr);
    }
}

/// Who owns an object that has a descriptor. The owner holds a lock on a byte of it, which the kernel drops however the
/// owner ends; programs that know nothing of parley see nothing of that.
class claim_on_file {
public:
    /// Takes the object for this end; false if a live end has it.
    [[nodiscard]] bool take(int file) {
        mine_ = os::try_lock_byte(file, owner_byte);
        return mine_;
    }
    [[nodiscard]] bool is_mine() const noexcept { return mine_; }

    [[nodiscard]] raw_state look(int file) noexcept {
        struct ::stat status {};
        if (::fstat(file, &status) == 0 && status.st_nlink == 0) {
            return raw_state::removed;
        }
        if (mine_) {
            return raw_state::open;
        }
        const bool there = os::byte_is_locked_by_other(file, owner_byte);
        if (seen_ && !there) {
            return raw_state::owner_died;  // who leaves in good order takes the name along
        }
        seen_ = there;
        return raw_state::open;
    }

private:
    static constexpr std::uint32_t owner_byte = 0;
    bool mine_ = false;
    bool seen_ = false;
};

/// Whether two descriptors, or what they stand for, are one object.
[[nodiscard]] inline bool is_same_object(const struct ::stat& one, const struct ::stat& other) noexcept {
    return one.st_ino == other.st_ino && one.st_dev == other.st_dev;
}

[[noreturn]] inline void throw_port_in_use(const std::string& where) {
    throw_error(errc::in_use,
                where + " already has its one live receiver; use a mailbox for several, or wait until it has ended");
}

}  // namespace parley::transport::queue
