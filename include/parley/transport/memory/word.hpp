#pragma once

#include <cstddef>
#include <cstdint>
#include <type_traits>
#include <utility>

#include <parley/os/descriptor.hpp>
#include <parley/os/error.hpp>
#include <parley/os/file_lock.hpp>
#include <parley/segment/locks.hpp>
#include <parley/transport/concept.hpp>
#include <parley/transport/memory/direct_endpoint.hpp>
#include <parley/transport/memory/direct_link.hpp>
#include <parley/transport/memory/mailbox_end.hpp>

namespace parley::transport::memory {

/// What every transport word over shared memory gives to a channel `C`: the links (transport/concept.hpp), all on one
/// algorithm, over segments of the given backing.
template <class Backing>
struct word {
    using backing_type = Backing;

    template <class C>
    using sending_end = mailbox_end<C, Backing, true>;
    template <class C>
    using receiving_end = mailbox_end<C, Backing, false>;
    template <class C>
    using link_end = memory::link_end<C, Backing>;
    template <class C>
    using endpoint = direct_endpoint<C, Backing>;

    /// The two ends of a new channel without a name.
    template <class C>
    [[nodiscard]] static std::pair<os::descriptor, os::descriptor> pair() {
        const auto object = [] {
            if constexpr (C::addressing::pairwise) {
                return link_end<C>::create_anonymous();
            } else {
                return sending_end<C>::create_anonymous();
            }
        }();
        auto first = share(object.get(), segment::locks::senders);
        auto second = share(object.get(), segment::locks::receivers);
        if constexpr (requires { requires Backing::bundled; }) {
            using queue = typename std::conditional_t<C::addressing::pairwise, memory::link_body<C, Backing>,
                                                      memory::mailbox_body<C, Backing>>::queue_type;
            constexpr std::size_t lanes = C::addressing::pairwise ? 2 : 1;
            auto as = queue::shape_of_object;
            as.composed = C::describe();
            const auto objects = Backing::make_objects(lanes * queue::object_count, as);
            return {Backing::bundle(first, objects), Backing::bundle(second, objects)};
        } else {
            return {std::move(first), std::move(second)};
        }
    }

private:
    /// A descriptor of the object that shares the lock of its role.
    [[nodiscard]] static os::descriptor share(int object, std::uint32_t role) {
        auto result = Backing::reopen(object);
        if (!os::try_share_byte(result.get(), role)) {
            throw_error(errc::system, "sharing a lock of an anonymous channel");
        }
        return result;
    }
};

/// What memory can do, whatever it is named by.
inline constexpr capabilities common_capabilities{
    .named = true,
    .survives_processes = true,
    .many_senders = true,
    .many_receivers = true,
    .takes_turns = true,
    .keeps_boundaries = true,
    .in_place = true,
    .ordered = true,
    .lossless = true,
    .redelivers = true,
    .rendezvous = true,
    .exact_capacity = true,
    .direction = directions::duplex,
};

}  // namespace parley::transport::memory
