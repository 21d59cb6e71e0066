#pragma once

#include <cerrno>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <new>
#include <span>
#include <utility>
#include <vector>

#include <sys/uio.h>

#include <parley/os/descriptor.hpp>
#include <parley/os/error.hpp>
#include <parley/transport/socket/descriptors.hpp>
#include <parley/transport/socket/presence.hpp>

/// What goes with a connection: a composition may have a `companion`, which the side that calls makes, and passes to
/// the other side with its first frame, as a descriptor. Each connection has one of its own, which ends with it, or
/// with whoever still works with it.
///
/// A companion
/// - is made by the side that calls with `made(size)`, and there has a `descriptor()`, which it keeps no longer when it
///   is told that it was `passed_on()`;
/// - is made of that by the other side with `passed(descriptor)`, which throws `error` where it is none: what comes
///   from a peer is not trusted;
/// - says whether a message may go with it: `carries(message)`. One that belongs to another connection does not.

namespace parley::transport::socket {

template <class C>
concept accompanied = requires(std::uint64_t size, os::descriptor&& given) {
    { C::companion::made(size) } -> std::same_as<std::shared_ptr<typename C::companion>>;
    { C::companion::passed(std::move(given)) } -> std::same_as<std::shared_ptr<typename C::companion>>;
};

struct no_companion {};

template <class C>
struct companion_selector {
    using type = no_companion;
};
template <accompanied C>
struct companion_selector<C> {
    using type = typename C::companion;
};

/// Sends these bytes, which are hello, with a companion's descriptor beside them, to the other side of a connection
/// that has just been made: there is room for that. Throws where the system does not pass descriptors; that nobody is
/// there any more the next word finds out.
inline void send_along(int socket, int descriptor, std::span<::iovec> parts, std::size_t size) {
    const auto gone = send_with_descriptor(socket, parts, descriptor);
    if (gone < 0 && errno != EPIPE && errno != ECONNRESET) {
        os::throw_system(errno, "passing a descriptor over a connection", "raise the limit of open files (ulimit -n)");
    }
    if (gone >= 0 && static_cast<std::size_t>(gone) != size) {
        throw_error(errc::system, "a connection that has just been made has no room for a name");
    }
}

/// Null of a pair, whose ends have been given what belongs to them otherwise; and until it has come.
template <class C>
using companion_of = std::shared_ptr<typename companion_selector<C>::type>;

/// Of the other side, when hello has come: makes the companion of what was passed. `garbage` where that is not one
/// descriptor, or leads to no companion; `exhausted` where this process has no descriptor or memory left for it.
template <accompanied C>
[[nodiscard]] presence meet(std::vector<os::descriptor>&& passed, companion_of<C>& companion) {
    if (passed.size() != 1) {
        return presence::garbage;
    }
    if (!passed.front()) {
        return presence::exhausted;
    }
    try {
        companion = C::companion::passed(std::move(passed.front()));
        return presence::here;
    } catch (const error& failure) {
        const bool is_none = failure.code() == errc::corrupt || failure.code() == errc::incompatible;
        return is_none ? presence::garbage : presence::exhausted;
    } catch (const std::bad_alloc&) {
        return presence::exhausted;
    }
}

}  // namespace parley::transport::socket
