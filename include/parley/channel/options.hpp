#pragma once

#include <chrono>
#include <cstdint>
#include <system_error>
#include <type_traits>
#include <utility>

#include <sys/types.h>

#include <parley/os/clock.hpp>
#include <parley/os/error.hpp>
#include <parley/segment/segment.hpp>

namespace parley {

/// What can be said of a channel when the program runs. Write it with designated initializers:
/// `parley::sender<Orders> out{"orders", {.permissions = 0660}};`
struct options {
    /// Who may open the object, for the one who creates it: mode bits as of chmod(2), whatever the umask. By default
    /// only the creating user.
    ::mode_t permissions = 0600;

    /// How long `open_only`, and a port's sender, wait for the object to appear before that is `errc::not_found`.
    std::chrono::nanoseconds open_within{0};

    /// With `map`: how many bytes of messages may be in the link and in hands at a time, for the one who creates the
    /// channel; of a direct link, in each direction; over sockets that connect, of what this endpoint sends. 0: what
    /// the buffer holds, at most 64 MiB, at least 8 of the largest messages. Memory is taken as it is first used.
    std::uint64_t pool_size = 0;

    /// With `map` and `adaptive`: whether this process maps the messages with huge pages, and makes huge pages of the
    /// memory that it adds to the pool, 2 MiB at a time. Fewer misses of the address cache with large messages; the
    /// first use of memory takes longer. Where the kernel gives none, there are ordinary pages.
    bool huge_pages = false;
};

/// Tags that say what to do about an object of that name that exists, or does not (Boost.Interprocess's terms).
struct create_only_t {
    explicit create_only_t() = default;
};
/// The channel is there: a missing one is `errc::not_found`.
struct open_only_t {
    explicit open_only_t() = default;
};
/// The channel is opened, or created where there is none.
struct open_or_create_t {
    explicit open_or_create_t() = default;
};
inline constexpr create_only_t create_only{};        ///< an existing object is `errc::already_exists`
inline constexpr open_only_t open_only{};            ///< a missing object is `errc::not_found`
inline constexpr open_or_create_t open_or_create{};  ///< the default

/// One of the tags above.
template <class Tag>
concept opening_tag =
    std::is_same_v<Tag, create_only_t> || std::is_same_v<Tag, open_only_t> || std::is_same_v<Tag, open_or_create_t>;

namespace channel_detail {

template <opening_tag Tag>
[[nodiscard]] segment::attachment_request make_request(Tag, std::string_view name, const options& given) {
    segment::attachment_request request;
    request.name = name;
    request.permissions = given.permissions;
    request.pool_size = given.pool_size;
    request.huge_pages = given.huge_pages;
    request.give_up = os::deadline::after(given.open_within);
    if constexpr (std::is_same_v<Tag, create_only_t>) {
        request.mode = segment::opening::create_only;
    } else if constexpr (std::is_same_v<Tag, open_only_t>) {
        request.mode = segment::opening::open_only;
    }
    return request;
}

/// Runs the throwing form of a call for its twin that reports through `code`.
template <class Call>
auto reported(std::error_code& code, Call call) noexcept -> decltype(call()) {
    try {
        code.clear();
        return call();
    } catch (const std::system_error& failure) {
        code = failure.code();
    } catch (const std::bad_alloc&) {
        code = errc::no_space;
    } catch (...) {
        code = errc::system;
    }
    return decltype(call())();
}

}  // namespace channel_detail
}  // namespace parley
