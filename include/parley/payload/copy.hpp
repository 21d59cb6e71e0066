#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include <parley/payload/concept.hpp>

namespace parley {

/// The bytes of a message travel. The default.
struct copy {
    using axis = payload_axis;
    static constexpr std::string_view name = "copy";
    static constexpr bool implied = true;
    static constexpr bool stays = false;
    static constexpr bool names_blocks = false;
    static constexpr std::size_t reference_size = 0;

    template <class Message>
    using travelling = Message;

    template <class C>
    using sending_end = typename C::transport::template sending_end<C>;
    template <class C>
    using receiving_end = typename C::transport::template receiving_end<C>;
    template <class C>
    using link_end = typename C::transport::template link_end<C>;
    template <class C>
    using endpoint = typename C::transport::template endpoint<C>;

    /// The two ends of a channel without a name, each as one descriptor.
    template <class C>
    [[nodiscard]] static auto pair(std::uint64_t) {
        return C::transport::template pair<C>();
    }
};

}  // namespace parley
