#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include <unistd.h>

#include <parley/addressing/concept.hpp>
#include <parley/buffering/concept.hpp>
#include <parley/message/wire.hpp>
#include <parley/os/working_directory.hpp>
#include <parley/pool/body.hpp>
#include <parley/pool/borrower.hpp>
#include <parley/pool/lender.hpp>
#include <parley/pool/size_classes.hpp>
#include <parley/segment/segment.hpp>
#include <parley/synchronization/concept.hpp>

/// Which pool the messages of a channel stay in.

namespace parley::payload {

/// How large a pool is where nobody says: room for what the link can hold and what is in hands, within reason.
template <class C, class Classes>
[[nodiscard]] constexpr std::uint64_t natural_limit() noexcept {
    constexpr std::uint64_t reason = 64 << 20;
    constexpr std::uint64_t fewest = 8;
    constexpr auto capacity = std::uint64_t{C::buffering::capacity};
    constexpr auto blocks = (capacity < (1 << 20) ? capacity : 1024) + 2 * pool::places;
    constexpr auto largest = std::uint64_t{Classes::largest};
    return std::max(fewest * largest, largest > reason / blocks ? reason : blocks * largest);
}

template <class C>
struct pool_of {
    using wire = message::wire<typename C::message>;
    using classes = pool::size_classes<wire::capacity, wire::alignment, wire::fixed_size>;
    /// By rendezvous too, a message over which a receiver died is given to another.
    static constexpr bool redelivers = C::addressing::delivery::redelivers || C::buffering::rendezvous;
    using traits = pool::traits<classes, typename C::synchronization::sender_side, C::addressing::owned, redelivers>;

    /// Where an accepted message may be in nobody's sight: behind a connection, or in the memory of a sender that
    /// spills.
    static constexpr bool lingers =
        C::transport::capabilities.connected ||
        (C::buffering::capacity == buffering::without_limit && !C::transport::capabilities.in_place);

    using lender = pool::lender<traits>;
    using borrower = pool::borrower<traits, lingers, redelivers>;

    static constexpr segment::identity identity{C::fingerprint, C::description,
                                                segment::whole_size<typename traits::body_type>};

    /// What the pool of a channel is called: the same for all who mean the same channel, and nobody else.
    [[nodiscard]] static std::string name_of(std::string_view channel) {
        auto result = std::string(C::transport::name) + '.';
        const bool is_path = channel.find('/') != std::string_view::npos;
        if (C::transport::capabilities.per_user && !is_path) {
            result += std::to_string(::geteuid()) + '.';
        }
        if (is_path && channel.front() != '/' && channel.front() != '@') {
            result += os::working_directory() + '/';
        }
        result += channel;
        static_cast<void>(pool::backing::locate(result));  // throws now if that is too long
        return result;
    }

    /// The channel's own object decides; the pool follows. `name` must outlive the result.
    [[nodiscard]] static segment::attachment_request request(const segment::attachment_request& given,
                                                             const std::string& name, segment::opening mode) {
        auto result = given;
        result.name = name;
        result.id = identity;
        result.mode = mode;
        result.has_owner = traits::owned;
        return result;
    }

    [[nodiscard]] static std::uint64_t limit(const segment::attachment_request& given) noexcept {
        return given.pool_size != 0 ? given.pool_size : natural_limit<C, classes>();
    }
};

}  // namespace parley::payload
