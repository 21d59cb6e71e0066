#pragma once

#include <algorithm>
#include <cstddef>
#include <span>
#include <vector>

#include <parley/parley.hpp>

#include "conformance/huge.hpp"
#include "conformance/pools.hpp"
#include "conformance/venue.hpp"
#include "support/catch.hpp"

namespace parley::conformance {

/// Encoded messages of these sizes, or of the largest, come whole and in order from another process; a larger one is
/// refused, and nothing of it comes.
template <class C>
void encoded_messages_arrive(std::span<const std::size_t> given) {
    venue<C> place;
    auto in = place.receiver();
    child sender{"sender", [&] {
                     auto out = place.sender();
                     for (std::size_t number = 0; number < given.size(); ++number) {
                         huge message{std::vector<std::byte>(std::min(given[number], huge::size))};
                         pattern{number}.write(message.content);
                         out->send(message);
                     }
                 }};
    for (std::size_t number = 0; number < given.size(); ++number) {
        const auto message = in->receive();
        REQUIRE(message.content.size() == std::min(given[number], huge::size));
        REQUIRE(pattern{number}.is_in(message.content));
    }
    CHECK(sender.join_ok());
    const huge large{std::vector<std::byte>(huge::size + 1)};
    auto out = place.sender();
    CHECK(thrown_by([&] { out->send(large); }) == errc::message_too_large);
    CHECK_FALSE(in->try_receive());
}

}  // namespace parley::conformance
