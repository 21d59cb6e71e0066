#pragma once

#include <exception>
#include <string>
#include <utility>

#include <parley/os/clock.hpp>
#include <parley/payload/connection_pool.hpp>
#include <parley/payload/staying_pool.hpp>
#include <parley/segment/segment.hpp>

namespace parley::payload {

/// The composition that the transport sees: the same words, the same description, another message.
template <class C, class Travelling>
struct carried_by_anything : C {
    using message = Travelling;

    /// The transport has taken the link of two endpoints away, with all that was in it. What is left in its pools, by
    /// processes that were killed, is in nobody's way any more: unless somebody is there again, they go.
    static void link_has_gone(const std::string& one,
                              const std::string& other) noexcept requires C::addressing::pairwise {
        using pool_type = pool_of<C>;
        for (const auto& [from, to] : {std::pair(&one, &other), std::pair(&other, &one)}) {
            try {
                const auto name = pool_type::name_of_way(*from, *to);
                segment::attachment_request request;
                request.give_up = os::deadline::after(os::clock::duration::zero());
                typename pool_type::borrower last(pool_type::request(request, name, segment::opening::open_only), 0);
                last.leave_nothing();
            } catch (const std::exception&) {  // there is none; or it stays until the two are there again
            }
        }
    }
};

template <class C, class Travelling>
struct carried : carried_by_anything<C, Travelling> {};

/// What each connection brings along (transport/socket/companion.hpp).
template <class C, class Travelling>
    requires by_connection<C>
struct carried<C, Travelling> : carried_by_anything<C, Travelling> {
    using companion = connection_pool<C, Travelling>;
};

}  // namespace parley::payload
