#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

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
#include <parley/wait/futex.hpp>

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

/// Whether each connection brings a pool along, and nothing of it has a name.
template <class C>
inline constexpr bool by_connection = bool{C::addressing::pairwise} && C::transport::capabilities.passes_descriptors;

template <class C>
struct pool_of {
    using wire = message::wire<typename C::message>;
    /// Who stores the blocks: a word of pool/storage.hpp.
    using segments = typename C::payload::segments;
    using classes =
        pool::size_classes<wire::capacity, std::max(wire::alignment, segments::alignment), wire::fixed_size>;
    /// By rendezvous too, a message over which a receiver died is given to another; and of a link in memory, to its
    /// successor.
    static constexpr bool redelivers = C::addressing::delivery::redelivers || C::buffering::rendezvous ||
                                       (C::addressing::pairwise && C::transport::capabilities.in_place);

    /// Where an accepted message may be in nobody's sight: behind a connection, or in the memory of a sender that
    /// spills.
    static constexpr bool lingers =
        C::transport::capabilities.connected ||
        (C::buffering::capacity == buffering::without_limit && !C::transport::capabilities.in_place);

    /// What a stranger passes over a connection may hold a mutex for ever; a futex has nobody who could keep it.
    struct by_futex {
        static constexpr bool waits = true;
        using strategy = futex;
    };
    [[nodiscard]] static constexpr auto choose_waiter() {
        using side = typename C::synchronization::sender_side;
        if constexpr (by_connection<C> && side::waits) {
            if constexpr (side::strategy::sleeps) {
                return std::type_identity<by_futex>{};
            } else {
                return std::type_identity<side>{};
            }
        } else {
            return std::type_identity<side>{};
        }
    }
    using waiter = typename decltype(choose_waiter())::type;

    /// A mailbox has its pool as long as its name, a port as long as its owner. A link has one for each direction.
    static constexpr auto ends = C::addressing::owned      ? pool::ending::with_owner
                                 : C::addressing::pairwise ? pool::ending::until_empty
                                                           : pool::ending::by_name;
    using traits = pool::traits<typename segments::template storage<classes>, waiter, ends, redelivers>;

    using lender = pool::lender<traits>;
    using borrower = pool::borrower<traits, lingers, redelivers>;

    static constexpr segment::identity identity{C::fingerprint, C::description,
                                                segment::whole_size<typename traits::body_type>};

    /// What the pool of a channel is called: the same for all who mean the same channel, and nobody else.
    [[nodiscard]] static std::string name_of(std::string_view channel) {
        auto result = std::string(C::transport::name) + '.';
        if (C::transport::capabilities.per_user && !is_path(channel)) {
            result += std::to_string(::geteuid()) + '.';
        }
        result += absolute(channel);
        static_cast<void>(traits::backing::locate(result));  // throws now if that is too long
        return result;
    }

    /// What the pool of the messages from one endpoint to another is called.
    [[nodiscard]] static std::string name_of_way(std::string_view from, std::string_view to) {
        auto result = beginning_of_ways() + spelled(from) + '~' + spelled(to);
        static_cast<void>(traits::backing::locate(result));
        return result;
    }

    /// The names of the pools of all messages to and from the endpoint of that name.
    [[nodiscard]] static std::vector<std::string> ways_of(std::string_view endpoint) {
        const auto beginning = beginning_of_ways();
        const auto name = spelled(endpoint);
        std::vector<std::string> result;
        traits::backing::for_each([&](std::string&& each) {
            if (each.starts_with(beginning + name + '~') ||
                (each.starts_with(beginning) && each.ends_with('~' + name))) {
                result.push_back(std::move(each));
            }
        });
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
        return limit(given.pool_size);
    }
    [[nodiscard]] static std::uint64_t limit(std::uint64_t pool_size) noexcept {
        return pool_size != 0 ? pool_size : natural_limit<C, classes>();
    }

private:
    /// Over files every name is a path.
    [[nodiscard]] static bool is_path(std::string_view name) noexcept {
        return C::transport::capabilities.survives_reboot || name.find('/') != std::string_view::npos;
    }

    /// The path of a name that is one, whatever the working directory.
    [[nodiscard]] static std::string absolute(std::string_view name) {
        const bool relative = is_path(name) && !name.empty() && name.front() != '/' && name.front() != '@';
        return (relative ? os::working_directory() + '/' : std::string()) + std::string(name);
    }

    [[nodiscard]] static std::string beginning_of_ways() { return std::string(C::transport::name) + '~'; }

    /// An endpoint's name without '~', which stands between two. What is each user's own is called so.
    [[nodiscard]] static std::string spelled(std::string_view endpoint) {
        std::string result;
        if (C::transport::capabilities.per_user && !is_path(endpoint)) {
            result = std::to_string(::geteuid()) + '.';
        }
        for (const char each : absolute(endpoint)) {
            result += each == '~' ? std::string("%7e") : each == '%' ? std::string("%25") : std::string(1, each);
        }
        return result;
    }
};

}  // namespace parley::payload
