#pragma once

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
};

/// What memory can do, whatever it is named by.
inline constexpr capabilities common_capabilities{
    .named = true,
    .survives_processes = true,
    .survives_reboot = false,
    .many_senders = true,
    .many_receivers = true,
    .duplex = true,
    .keeps_boundaries = true,
    .in_place = true,
    .ordered = true,
    .lossless = true,
    .redelivers = true,
};

}  // namespace parley::transport::memory
